import { describe, expect, test } from 'vitest';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { EngineError } from '../model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '../model/ids.ts';
import { keyedBlake3 } from './hash.ts';
import {
  NONCE_BYTES,
  openChunk,
  openChunks,
  openRecord,
  recordCommitment,
  SEAL_OVERHEAD_BYTES,
  sealChunks,
  sealedBytesMax,
  sealedKeyEpoch,
  sealRecord,
} from './seal.ts';

const owner = {
  vaultId: '11'.repeat(16) as VaultId,
  folderId: '22'.repeat(16) as FolderId,
};
const folderKey = new Uint8Array(32).fill(3);
const keyEpoch = 7;
const folderKeys = new Map([[keyEpoch, folderKey]]);
const plainBytesMax = 100_000;
const bodies = [
  { name: 'nothing', body: new Uint8Array(0) },
  { name: 'text', body: Buffer.from('the same words again and again, '.repeat(100)) },
  { name: 'noise', body: keyedBlake3(folderKey, folderKey) },
];
const idOf = (body: Uint8Array): ChunkId =>
  Buffer.from(keyedBlake3(new Uint8Array(32), body)).toString('hex') as ChunkId;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function sealAll(): Promise<{ id: ChunkId; bytes: Uint8Array }[]> {
  const bytes = Buffer.concat(bodies.map(({ body }) => body));
  let offsetBytes = 0;
  const pieces = bodies.map(({ body }) => {
    const piece = { id: idOf(body), offsetBytes, sizeBytes: body.length };
    offsetBytes += body.length;
    return piece;
  });
  const nonces = new Uint8Array(NONCE_BYTES * pieces.length).map((_, index) => index);
  const sealed = await sealChunks({
    ...{ ...owner, bytes, pieces, folderKey, keyEpoch, nonces, compressionLevel: 3 },
    into: new Uint8Array(sealedBytesMax(pieces)),
  });
  return pieces.map(({ id }, index) => ({ id, bytes: sealed[index] ?? new Uint8Array(0) }));
}

/** Open chunks as they lie in a pack, one behind the other with something between. */
async function openPacked(
  chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[],
  plainSizes: readonly number[] = bodies.map(({ body }) => body.length),
) {
  const gap = new Uint8Array(3);
  let offsetBytes = 0;
  const packed = chunks.map(({ id, bytes }, index) => {
    const chunk = { id, offsetBytes, sizeBytes: bytes.length, plainBytes: plainSizes[index] ?? 0 };
    offsetBytes += bytes.length + gap.length;
    return chunk;
  });
  const bytes = Buffer.concat(chunks.flatMap((chunk) => [chunk.bytes, gap]));
  const into = new Uint8Array(plainSizes.reduce((sum, size) => sum + size, 0));
  return openChunks({ ...owner, bytes, chunks: packed, folderKeys, into });
}

describe('chunks', () => {
  test('open to what was sealed, one by one and many at a time', async () => {
    const chunks = await sealAll();
    const opened = await openPacked(chunks);
    for (const [index, { body }] of bodies.entries()) {
      expect(hex(opened[index] as Uint8Array)).toBe(hex(body));
      const chunk = chunks[index];
      if (chunk === undefined) throw new Error('every body is sealed');
      expect(sealedKeyEpoch(chunk.bytes)).toBe(keyEpoch);
      expect(hex(await openChunk({ ...owner, chunk, folderKeys, plainBytesMax }))).toBe(hex(body));
    }
    expect(chunks.map(({ bytes }, i) => bytes.length - (bodies[i]?.body.length ?? 0))).toEqual([
      SEAL_OVERHEAD_BYTES,
      expect.any(Number),
      SEAL_OVERHEAD_BYTES,
    ]);
    expect(chunks[1]?.bytes.length).toBeLessThan(200);
  });

  test('are the bytes that a second implementation writes and reads', async () => {
    const reference = referenceCodec();
    for (const [index, chunk] of (await sealAll()).entries()) {
      const body = bodies[index]?.body ?? new Uint8Array(0);
      const context = { ...owner, key: folderKey, keyEpoch, chunkId: chunk.id };
      expect(hex(reference.openChunk({ ...context, sealed: chunk.bytes }))).toBe(hex(body));
      const bytes = reference.sealChunk({ ...context, plaintext: body });
      const theirs = { id: chunk.id, bytes };
      expect(hex(await openChunk({ ...owner, chunk: theirs, folderKeys, plainBytesMax }))).toBe(
        hex(body),
      );
    }
  });

  test('that are damaged do not keep others from opening', async () => {
    const chunks = await sealAll();
    const [first, second, third] = chunks.map(({ id, bytes }) => ({
      id,
      bytes: Uint8Array.from(bytes),
    }));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three');
    first.bytes[0] = 9;
    second.bytes[100] = (second.bytes[100] ?? 0) ^ 1;
    const opened = await openPacked([first, second, third]);
    expect(
      opened.map((result) => (result instanceof EngineError ? result.code : 'opened')),
    ).toEqual(['format-unknown', 'pack-damaged', 'opened']);
  });

  test('of another length than expected are damaged', async () => {
    const chunks = await sealAll();
    const opened = await openPacked(chunks, [1, 3_099, 33]);
    expect(
      opened.map((result) => (result instanceof EngineError ? result.code : 'opened')),
    ).toEqual(['pack-damaged', 'pack-damaged', 'pack-damaged']);
  });

  test.each([
    { name: 'without a key of their epoch', change: { folderKeys: new Map() } },
    { name: 'in another folder', change: { folderId: '33'.repeat(16) as FolderId } },
    { name: 'beyond their limit', change: { plainBytesMax: 31 } },
    {
      name: 'under another key',
      change: { folderKeys: new Map([[keyEpoch, new Uint8Array(32)]]) },
    },
  ])('do not open $name', async ({ change }) => {
    const chunk = (await sealAll())[2];
    if (chunk === undefined) throw new Error('every body is sealed');
    await expect(
      openChunk({ ...owner, chunk, folderKeys, plainBytesMax, ...change }),
    ).rejects.toMatchObject({ code: 'pack-damaged' });
  });
});

describe('records', () => {
  const record = {
    purpose: 'footer',
    associated: Buffer.from('place'),
    key: folderKey,
  } as const;

  test.each(bodies)('of $name are those of a second implementation', async ({ body }) => {
    const sealed = await sealRecord({
      ...{ ...record, body, keyEpoch, nonce: new Uint8Array(24), compressionLevel: 3 },
    });
    const reference = referenceCodec();
    const shared = { ...record, associatedData: record.associated, keyEpoch, plainBytesMax };
    expect(hex(await reference.openRecord({ ...shared, sealed }))).toBe(hex(body));
    const theirs = await reference.sealRecord({ ...shared, plaintext: body });
    expect(hex(await openRecord({ ...record, sealed: theirs, plainBytesMax }))).toBe(hex(body));
    expect(hex(recordCommitment(folderKey, 'footer'))).toBe(hex(sealed.subarray(5, 37)));
    for (const change of [{ purpose: 'index' }, { associated: Buffer.from('else') }]) {
      await expect(
        openRecord({ ...record, sealed, plainBytesMax, ...change }),
      ).rejects.toMatchObject({ code: 'pack-damaged' });
    }
  });
});
