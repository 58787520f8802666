/** @file A pack written and read back: layout, budgets, footers, and what damage does. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FolderKeys } from '#engine/model/folder-keys.ts';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { ChunkId, FolderId, VaultId } from '#engine/model/ids.ts';
import { symbolBytes } from '#engine/model/walrus.ts';
import { referenceCodec } from '#test/support/reference-codec.ts';
import { ByteWriter } from './encoding.ts';
import { packLimits, paddedPackBytes, type PackLimits } from './limits.ts';
import { ENTRY_KIND } from './pack-layout.ts';
import { packInMemory, readPackFooters, type PackKeys } from './pack-reader.ts';
import { PackWriter, type PackOwner, type SealedPack } from './pack-writer.ts';

const codec = referenceCodec();
const vaultId = '11'.repeat(16) as VaultId;
const vaultKey = new Uint8Array(32).fill(1);
const folderId = (byte: number): FolderId =>
  byte.toString(16).padStart(2, '0').repeat(16) as FolderId;
const folderKeys = (byte: number): FolderKeys => ({
  chunkIdKey: new Uint8Array(32).fill(byte),
  gearKey: new Uint8Array(32).fill(byte + 1),
  epochs: [
    { keyEpoch: 0, key: new Uint8Array(32).fill(byte + 2) },
    { keyEpoch: 1, key: new Uint8Array(32).fill(byte + 3) },
  ],
});
const ownerOf = (byte: number, keyEpoch = 0): PackOwner => ({
  folderId: folderId(byte),
  keyEpoch,
  key: folderKeys(byte).epochs[keyEpoch]!.key,
});
const vaultOwner: PackOwner = { folderId: undefined, keyEpoch: 0, key: vaultKey };
const keysOf = (...bytes: number[]): PackKeys => ({
  vaultId,
  vaultKey,
  folders: bytes.map((byte) => ({ folderId: folderId(byte), keys: folderKeys(byte) })),
});
const entry = (number: number, sizeBytes: number, kind: number = ENTRY_KIND.chunk) => ({
  kind,
  id: number.toString(16).padStart(64, '0') as ChunkId,
  sealed: new Uint8Array(sizeBytes).fill(number),
});

const openWriter = (limits?: PackLimits): PackWriter =>
  new PackWriter({
    codec,
    vaultId,
    packClass: 'deletable',
    shardCount: 4,
    ...(limits ? { limits } : {}),
  });

async function smallPack(): Promise<SealedPack> {
  const writer = openWriter();
  writer.add(ownerOf(0x20), entry(1, 100));
  writer.add(ownerOf(0x30), entry(2, 200, ENTRY_KIND.tree));
  writer.add(ownerOf(0x20, 1), entry(3, 300));
  writer.add(vaultOwner, entry(4, 400, ENTRY_KIND.snapshot));
  return writer.close();
}

describe('a pack', () => {
  test('lists every entry at its place in the footer of its owner', async () => {
    const pack = await smallPack();
    const contents = await readPackFooters(packInMemory(pack.bytes), {
      codec,
      keys: keysOf(0x20, 0x30),
    });
    expect(contents.packClass).toBe('deletable');
    expect(contents.foreignFooterCount).toBe(0);
    const lines = contents.footers.flatMap((footer) =>
      footer.entries.map((line) => ({ ...line, folderId: footer.folderId })),
    );
    expect(lines).toEqual(pack.entries);
    for (const line of lines) {
      const bytes = pack.bytes.subarray(line.offsetBytes, line.offsetBytes + line.sizeBytes);
      expect(bytes.every((byte) => byte === Number(`0x${line.id}`))).toBe(true);
    }
  });

  test('shows a reader with one folder key nothing of the others', async () => {
    const pack = await smallPack();
    const contents = await readPackFooters(packInMemory(pack.bytes), {
      codec,
      keys: { ...keysOf(0x30), vaultKey: undefined },
    });
    expect(contents.footers.map((footer) => footer.folderId)).toEqual([folderId(0x30)]);
    expect(contents.foreignFooterCount).toBe(2);
  });

  test('fills whole symbols, with zeros between content and footers', async () => {
    const pack = await smallPack();
    expect(pack.bytes.length).toBe(6 * symbolBytes(pack.usedBytes, 4));
    expect(pack.bytes.length - pack.usedBytes).toBeLessThan(12);
    expect([...pack.bytes.subarray(1000, 1000 + pack.bytes.length - pack.usedBytes)]).toEqual(
      Array(pack.bytes.length - pack.usedBytes).fill(0),
    );
  });

  test('is independent of what its buffer held before', async () => {
    const buffer = new Uint8Array(packLimits(4).paddedBytesMax).fill(0xee);
    const write = async (into?: Uint8Array): Promise<Uint8Array> => {
      const writer = new PackWriter({
        codec: referenceCodec({ nonceSeed: 'same' }),
        vaultId,
        packClass: 'permanent',
        shardCount: 4,
        ...(into ? { buffer: into } : {}),
      });
      writer.add(ownerOf(0x20), entry(1, 5));
      return (await writer.close()).bytes;
    };
    expect(Buffer.compare(await write(buffer), await write())).toBe(0);
  });

  test('never exceeds its budgets, and uses them', async () => {
    const limits = { ...packLimits(4), packBytesTarget: 40_000, packBytesMax: 50_000 };
    const writer = openWriter(limits);
    let count = 0;
    while (writer.add(ownerOf(0x20), entry(1, 997))) count += 1;
    expect(writer.usedBytes).toBeLessThanOrEqual(40_000);
    expect(writer.usedBytes + 997 + 42).toBeGreaterThan(40_000);
    expect(writer.fits([997], 'target')).toBe(false);
    expect(writer.fits([5000, 400], 'max')).toBe(true);
    expect(writer.add(ownerOf(0x20), entry(2, 5000), 'max')).toBeDefined();
    expect(writer.add(vaultOwner, entry(3, 400), 'max')).toBeDefined();
    expect(writer.add(ownerOf(0x20), entry(3, 10_000), 'max')).toBeUndefined();
    const planned = writer.usedBytes;
    const pack = await writer.close();
    expect(pack.usedBytes).toBeLessThanOrEqual(planned);
    expect(planned).toBeLessThanOrEqual(50_000);
    expect(pack.entries.length).toBe(count + 2);
  });

  test('refuses an entry that no pack can hold', () => {
    const writer = openWriter();
    const refusal = (() => {
      try {
        return writer.add(ownerOf(0x20), entry(1, 354_000));
      } catch (error) {
        return error;
      }
    })();
    expect(hasCode(refusal, 'blob-too-large')).toBe(true);
  });

  test('costs at most 40 bytes an entry beside what is sealed', async () => {
    const writer = openWriter();
    let content = 0;
    for (let number = 0; number < 500; number += 1) {
      content += 300 + number;
      expect(writer.add(ownerOf(0x20), entry(number % 251, 300 + number))).toBeDefined();
    }
    expect(writer.usedBytes - content).toBeLessThan(500 * 40);
    await writer.close();
  });

  test('reads footers that are longer than the first read', async () => {
    const limits = { ...packLimits(100), packBytesTarget: 1_000_000, packBytesMax: 1_000_000 };
    const writer = new PackWriter({
      codec,
      vaultId,
      packClass: 'permanent',
      shardCount: 100,
      limits,
    });
    let count = 0;
    for (; writer.add(ownerOf(0x20), randomEntry(count));) count += 1;
    const pack = await writer.close();
    const contents = await readPackFooters(packInMemory(pack.bytes), { codec, keys: keysOf(0x20) });
    expect(contents.footers[0]?.entries.length).toBe(count);
    expect(count).toBeGreaterThan(5000);
  });

  test('holds a bounded number of entries, however small they are', async () => {
    const writer = new PackWriter({ codec, vaultId, packClass: 'permanent', shardCount: 100 });
    const tiny = entry(1, 1);
    let count = 0;
    while (writer.add(ownerOf(0x20), tiny)) count += 1;
    expect(count).toBe(250_000);
    expect(writer.isFull).toBe(true);
    expect(writer.fits([100, 1000], 'max')).toBe(true);
    expect(writer.add(vaultOwner, tiny, 'max')).toBeDefined();
    const pack = await writer.close();
    const contents = await readPackFooters(packInMemory(pack.bytes), { codec, keys: keysOf(0x20) });
    expect(contents.footers.map(({ entries }) => entries.length)).toEqual([250_000, 1]);
  });

  test('of random bytes behind a plausible trailer is refused with a code', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(0xffff_ffff),
        fc.nat(0xffff_ffff),
        fc.nat(0xffff),
        async (noise, footersBytes, contentBytes, footerCount) => {
          const end = new ByteWriter().u32(footersBytes).u32(contentBytes).u16(footerCount);
          end.u8(0).u8(1).bytes(Buffer.from('floepack'));
          const bytes = Buffer.concat([noise, end.finish()]);
          const outcome = await readPackFooters(packInMemory(bytes), {
            codec,
            keys: keysOf(0x20),
          }).catch((error: unknown) => error);
          expect(outcome).toSatisfy(
            (result) => result instanceof EngineError || (footersBytes === 0 && footerCount === 0),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('with any bit changed outside its padding is refused or loses a footer, never lies', async () => {
    const pack = await smallPack();
    const footersAt = pack.bytes.length - (pack.usedBytes - 1000);
    for (let bit = footersAt * 8; bit < pack.bytes.length * 8; bit += 7) {
      const changed = Uint8Array.from(pack.bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await readPackFooters(packInMemory(changed), {
        codec,
        keys: keysOf(0x20, 0x30),
      }).catch((error: unknown) => error);
      const isRefused = hasCode(outcome, 'pack-damaged') || hasCode(outcome, 'format-unknown');
      const isMissing =
        !(outcome instanceof Error) &&
        (outcome as { foreignFooterCount: number }).foreignFooterCount === 1;
      expect(isRefused || isMissing, `bit ${String(bit)}`).toBe(true);
    }
  });

  test('cut short anywhere is refused', async () => {
    const pack = await smallPack();
    for (let length = 0; length < pack.bytes.length; length += 97) {
      const outcome = await readPackFooters(packInMemory(pack.bytes.subarray(0, length)), {
        codec,
        keys: keysOf(0x20),
      }).catch((error: unknown) => error);
      expect(hasCode(outcome, 'pack-damaged'), `length ${String(length)}`).toBe(true);
    }
  });
});

function randomEntry(number: number) {
  const id = Buffer.from(codec.blake3(Buffer.from(String(number)))).toString('hex') as ChunkId;
  return { kind: ENTRY_KIND.chunk, id, sealed: new Uint8Array(90 + (number % 7)) };
}

describe('packLimits', () => {
  test.each([
    { name: '4 shards', shardCount: 4, max: 353_268, target: 353_268, chunkMax: 88_256 },
    { name: '10 shards', shardCount: 10, max: 1_648_584, target: 1_648_584, chunkMax: 412_096 },
    {
      name: '100 shards',
      shardCount: 100,
      max: 134_124_084,
      target: 33_527_604,
      chunkMax: 4_194_304,
    },
    {
      name: '299 shards',
      shardCount: 299,
      max: 139_582_000,
      target: 30_986_800,
      chunkMax: 4_194_304,
    },
    {
      name: '300 shards',
      shardCount: 300,
      max: 141_668_820,
      target: 141_668_820,
      chunkMax: 4_194_304,
    },
    {
      name: '1000 shards',
      shardCount: 1000,
      max: 142_082_048,
      target: 142_082_048,
      chunkMax: 4_194_304,
    },
  ])('for $name', ({ shardCount, max, target, chunkMax }) => {
    const limits = packLimits(shardCount);
    expect(limits.packBytesMax).toBe(max);
    expect(limits.packBytesTarget).toBe(target);
    expect(limits.chunk).toEqual({
      maxBytes: chunkMax,
      averageBytes: chunkMax / 4,
      minBytes: chunkMax / 16,
    });
    expect(symbolBytes(target, shardCount) % 128).toBe(126);
    expect(limits.paddedBytesMax).toBe(paddedPackBytes(max, shardCount));
  });
});
