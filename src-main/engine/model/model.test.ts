import { describe, expect, test } from 'vitest';
import { EngineError, deserializeError, serializeError } from './engine-error.ts';
import { displayPath, parseBlobId, parseObjectId, rawPath, type RawPath } from './ids.ts';
import { parseNetwork } from './network.ts';
import { blobBytesMax, encodedBytes, isQuorum, symbolBytes } from './walrus.ts';

describe('sizes of RS2', () => {
  test.each([
    { shards: 10, length: 0, symbol: 2, encoded: 6_940n },
    { shards: 10, length: 57, symbol: 4, encoded: 7_160n },
    { shards: 10, length: 1_000, symbol: 36, encoded: 10_680n },
    { shards: 100, length: 33_554_432, symbol: 14_730, encoded: 149_416_200n },
    { shards: 1000, length: 1_048_576, symbol: 6, encoded: 70_038_000n },
  ])('$length bytes on $shards shards', ({ shards, length, symbol, encoded }) => {
    expect(symbolBytes(length, shards)).toBe(symbol);
    expect(encodedBytes(length, shards)).toBe(encoded);
  });

  test.each([
    { shards: 4, bytes: 393_204 },
    { shards: 13, bytes: 2_949_030 },
    { shards: 1000, bytes: 14_599_533_452 },
  ])('$shards shards hold blobs up to $bytes bytes', ({ shards, bytes }) => {
    expect(blobBytesMax(shards)).toBe(bytes);
  });

  test.each([
    { weight: 66, shards: 100, quorum: false },
    { weight: 67, shards: 100, quorum: true },
    { weight: 8, shards: 13, quorum: false },
    { weight: 9, shards: 13, quorum: true },
  ])('$weight of $shards shards: a quorum is $quorum', ({ weight, shards, quorum }) => {
    expect(isQuorum(weight, shards)).toBe(quorum);
  });
});

describe('IDs', () => {
  const valid = '3GPQL3HZNnFhN_F7l5Aa-X1VOtAKwIsg9zuWk8R81v4';
  test.each([
    { name: 'the canonical form', text: valid, ok: true },
    { name: 'padding', text: `${valid}=`, ok: false },
    { name: 'another alphabet', text: valid.replace('_', '/'), ok: false },
    { name: 'unused bits that are set', text: `${valid.slice(0, -1)}5`, ok: false },
    { name: 'too few characters', text: valid.slice(1), ok: false },
  ])('a blob ID in $name', ({ text, ok }) => {
    if (ok) expect(parseBlobId(text)).toBe(text);
    else expect(() => parseBlobId(text)).toThrow(EngineError);
  });

  test('a short object ID is padded', () => {
    expect(parseObjectId('0x2')).toBe(`0x${'2'.padStart(64, '0')}`);
  });

  test('a path keeps its bytes and is shown as text', () => {
    expect(displayPath(rawPath('Übung/a\u0007b'))).toBe('Übung/a·b');
    expect(displayPath('\xff' as RawPath)).toBe('\ufffd');
  });
});

describe('errors on the wire', () => {
  test('keep code, context and cause', () => {
    const cause = new EngineError('disk-full', 'no room', { context: { freeBytes: 0 } });
    const error = new EngineError('pack-damaged', 'a pack is damaged', { cause });
    const back = deserializeError(serializeError(error));
    expect(back.code).toBe('pack-damaged');
    expect((back.cause as EngineError).context).toEqual({ freeBytes: 0 });
  });

  test('what is not ours is internal', () => {
    expect(serializeError(new TypeError('x')).code).toBe('internal');
  });
});

describe('a network file', () => {
  const file = {
    name: 'test',
    rpc: { transport: 'json-rpc', url: 'http://127.0.0.1:9000/' },
    walrus: { systemObjectId: '0x1', stakingObjectId: '0x2' },
    transactions: { expiration: 'none' },
    nodes: { scheme: 'https', trust: 'pinned' },
  };

  test('may name one endpoint or several', () => {
    expect(parseNetwork(file).rpc).toEqual([
      { transport: 'json-rpc', url: 'http://127.0.0.1:9000' },
    ]);
    expect(parseNetwork({ ...file, rpc: [file.rpc, file.rpc] }).rpc).toHaveLength(2);
  });

  test.each([
    { name: 'an unknown transport', change: { rpc: { ...file.rpc, transport: 'carrier' } } },
    { name: 'a URL that is none', change: { rpc: { ...file.rpc, url: 'nowhere' } } },
    {
      name: 'an object ID that is none',
      change: { walrus: { systemObjectId: 'x', stakingObjectId: '0x2' } },
    },
    { name: 'no name', change: { name: '' } },
    { name: 'an unknown expiration', change: { transactions: { expiration: 'never' } } },
    { name: 'an unknown trust', change: { nodes: { scheme: 'https', trust: 'blind' } } },
  ])('is refused with $name', ({ change }) => {
    expect(() => parseNetwork({ ...file, ...change })).toThrow(
      expect.objectContaining({ code: 'network-file-invalid' }) as Error,
    );
  });
});
