import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { startLocalnet, type RunningLocalnet } from '../localnet.ts';
import { HOST } from '../settings.ts';
import { parseTip, tipMist } from './tip.ts';
import { UploadRelay } from './upload-relay.ts';

describe('a tip', () => {
  test.each([
    { text: 'none', mist: 0n },
    { text: 'const:105', mist: 105n },
    // At 1000 shards the smallest blob is billed 66,034,000 bytes: 64,487 started KiB.
    { text: 'linear:1000:3', mist: 1_000n + 3n * 64_487n },
  ])('$text is what it says', ({ text, mist }) => {
    expect(tipMist(parseTip(text), 1, 1000)).toBe(mist);
  });

  test.each(['', 'const', 'const:', 'const:-1', 'const:1:2', 'linear:1', 'none:1', 'const:1 '])(
    'is not "%s"',
    (text) => {
      expect(() => parseTip(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});

describe('an upload relay', () => {
  let dir: string;
  let localnet: RunningLocalnet;
  let relay: UploadRelay;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'floe-upload-relay-'));
    localnet = await startLocalnet({ dir, shards: 4, nodes: 4, port: 0 });
    relay = new UploadRelay({
      host: HOST,
      port: 0,
      tip: { kind: 'none' },
      tipAddress: `0x${'1'.repeat(64)}`,
      view: localnet.chain.view,
      nowMs: () => 0,
      findTransaction: () => undefined,
      isTls: false,
      log: () => undefined,
      bodyBytesMax: 500_000,
    });
    await relay.start();
  });
  afterAll(async () => {
    await relay.close();
    await localnet.close();
    await rm(dir, { recursive: true });
  });

  const blobId = 'gqY_usgfqfl9Ne6T3hjyZjtta3Ke2j_zlQIlY0RdW8g';
  const post = (query: string, sizeBytes: number): Promise<Response> =>
    fetch(`${relay.url}/v1/blob-upload-relay?${query}`, {
      method: 'POST',
      body: new Uint8Array(sizeBytes),
    });

  test.each([
    { name: 'a body that is too long', query: `blob_id=${blobId}`, size: 500_001, status: 413 },
    { name: 'what no blob can hold', query: `blob_id=${blobId}`, size: 400_000, status: 400 },
    { name: 'another blob than it names', query: `blob_id=${blobId}`, size: 10, status: 400 },
    { name: 'no blob ID', query: '', size: 10, status: 400 },
    { name: 'a blob ID that is none', query: 'blob_id=x', size: 10, status: 400 },
    {
      name: 'a blob ID given twice',
      query: `blob_id=${blobId}&blob_id=${blobId}`,
      size: 10,
      status: 400,
    },
    { name: 'a key that it does not know', query: `blob_id=${blobId}&x=1`, size: 10, status: 400 },
    {
      name: 'an object that is none',
      query: `blob_id=${blobId}&deletable_blob_object=y`,
      size: 10,
      status: 400,
    },
  ])('refuses $name', async ({ query, size, status }) => {
    expect((await post(query, size)).status).toBe(status);
  });

  test('knows no other path', async () => {
    expect((await fetch(`${relay.url}/v1/blobs`)).status).toBe(404);
  });

  test('says so when the storage nodes do not have the blob registered', async () => {
    const blob = await encodeBlob(new Uint8Array(3), 4);
    expect((await post(`blob_id=${blob.blobId}`, 3)).status).toBe(500);
    blob.release();
  });
});
