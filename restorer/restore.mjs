#!/usr/bin/env node
/**
 * @file Brings folders back from a Floe vault when there is no Floe any more.
 *
 *     node restore.mjs list                  --words FILE --network FILE
 *     node restore.mjs restore FOLDER --to DIR [--snapshot ID] --words FILE --network FILE
 *
 *   --words FILE        24 words, or a recovery kit; `-`, or nothing, reads them from stdin
 *   --network FILE      mainnet.json or testnet.json beside this file, or one like them: a Sui full
 *                       node (transport grpc-web or json-rpc) and Walrus's staking object
 *   --aggregator URL    read blobs there, and not from the storage nodes
 *
 * Written from docs/format.md alone; "§" names its sections. It needs Node 22.15 or newer, the four
 * packages of package.json beside it, a Sui full node, and the storage nodes or one aggregator; none
 * of Floe's code, no addon, no server of Floe's. It never signs, so it can spend nothing. From storage
 * nodes it reads the primary slivers that hold a blob's own bytes and needs no decoder; when the one
 * node that has such a sliver is gone, an aggregator decodes it from the others. Owners and extended
 * attributes are not put back, and times to the microsecond only: plain Node can do no more. What
 * cannot be restored is listed by name, and the exit code is then 3.
 */
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Buffer } from 'node:buffer';
import { hkdfSync } from 'node:crypto';
import { parseArgs } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { bcs } from '@mysten/sui/bcs';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { Ed25519Keypair, Ed25519PublicKey } from '@mysten/sui/keypairs/ed25519';
import { deriveDynamicFieldID, fromBase58 } from '@mysten/sui/utils';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { blake3 } from '@noble/hashes/blake3.js';
import { mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

const MIB = 1024 * 1024;
const ACCOUNT_GAP = 20;
const CACHE_BYTES = 300 * MIB;
/** §5, §6.1: no chunk is larger, and no file has more extents than fit into so much. */
const CHUNK_BYTES_MAX = 4 * MIB;
const EXTENTS_BYTES_MAX = 2 * MIB;

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const shown = (bytes) => JSON.stringify(bytes.toString());
/** Names and addresses may hold anything, also what a terminal would obey. */
const say = (stream, text) =>
  stream.write(
    text.replace(
      /(?!\n)[\p{Cc}\p{Bidi_Control}]/gu,
      (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
    ),
  );
const damaged = (what) => new Error(`damaged: ${what}`);
const newer = (what) => new Error(`${what} was written by a newer release than this script knows`);

// ---- §1 Conventions

class Reader {
  constructor(bytes) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  take(count = this.bytes.length - this.at) {
    if (this.at + count > this.bytes.length) throw damaged('something is cut short');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  u8 = () => this.take(1)[0];
  u16 = () => this.take(2).readUInt16LE();
  u24 = () => this.take(3).readUIntLE(0, 3);
  u32 = () => this.take(4).readUInt32LE();
  sized = () => this.take(this.varint());
  varint() {
    for (let value = 0, scale = 1; scale <= 128 ** 7; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if ((byte === 0 && scale > 1) || !Number.isSafeInteger(value)) break;
      return value;
    }
    throw damaged('a number');
  }
  /** What `read` gives again and again until nothing is left. */
  all(read) {
    const items = [];
    while (this.at < this.bytes.length) items.push(read(this));
    return items;
  }
}

/** Fields by tag. Those we don't know are passed over, but from tag 64 on they must be understood. */
class Fields {
  #values = new Map();
  constructor(bytes) {
    let last = 0;
    for (const [tag, value] of new Reader(bytes).all((r) => [r.varint(), r.sized()])) {
      if (tag <= last) throw damaged('fields are out of order');
      if (tag >= 64) throw newer('a record');
      this.#values.set(tag, value);
      last = tag;
    }
  }
  has = (tag) => this.#values.has(tag);
  bytes = (tag) => this.#values.get(tag) ?? Buffer.alloc(0);
  reader = (tag) => new Reader(this.bytes(tag));
  number = (tag) => (this.has(tag) ? this.reader(tag).varint() : 0);
}

function record(bytes) {
  if (bytes[0] !== 1) throw newer('a record');
  return new Fields(bytes.subarray(1));
}

/** Two's complement, little-endian: nanoseconds since 1970. */
const signed = (bytes) => BigInt.asIntN(bytes.length * 8, BigInt(`0x0${hex(bytes.toReversed())}`));

// ---- §2 Keys

function vaultKeys(words, chainIdentifier) {
  const seed = mnemonicToSeedSync(words);
  const derive = (label, size) =>
    Buffer.from(hkdfSync('sha256', seed, 'floe/v1', `${chainIdentifier}\0${label}`, size));
  const vaultKey = derive('vault key', 32);
  return { seed, vaultId: derive('vault id', 16), vaultKey, headKey: derive('head key', 32) };
}

const addressOf = (seed, k) =>
  Ed25519Keypair.deriveKeypairFromSeed(hex(seed), `m/44'/784'/${k}'/0'/0'`).toSuiAddress();

// ---- §3 Sealed bytes

/** What a record of each purpose is authenticated with, and how large it may be. */
const SEALS = {
  index: { type: 3, max: 4 * MIB },
  snapshot: { type: 4, max: MIB },
  'head device': { type: 5, max: 8192 },
  'head folder': { type: 6, max: 512 },
  'folder keys': { type: 7, max: MIB / 4 },
};

/** `keyOf` gives the key of an epoch. Throws for another key or place, and for any changed bit. */
function unseal(sealed, input, type, keyOf, vaultId, folderId, place, max) {
  const reader = new Reader(sealed);
  if (reader.u8() !== 1) throw newer('something sealed');
  const epoch = reader.take(4);
  const key = keyOf(epoch.readUInt32LE());
  if (!key) throw damaged('sealed under a key that this vault does not have');
  const [commitment, nonce] = [reader.take(32), reader.take(24)];
  const material = Buffer.from(blake3(input, { key, dkLen: 64 }));
  if (!material.subarray(32).equals(commitment)) throw damaged('sealed under another key');
  const context = [Buffer.from('floe/v1'), Buffer.of(type), vaultId, folderId, epoch, place];
  const cipher = xchacha20poly1305(material.subarray(0, 32), nonce, Buffer.concat(context));
  const body = new Reader(cipher.decrypt(reader.take()));
  const [compression, size] = [body.u8(), body.u32()];
  if (compression > 1) throw newer('something sealed');
  if (size > max) throw damaged('larger than anything of its kind');
  const plain =
    compression === 0 ? body.take() : zstdDecompressSync(body.take(), { maxOutputLength: size });
  if (plain.length !== size) throw damaged('not of the length it names');
  return Buffer.from(plain);
}

function unsealRecord(sealed, purpose, keyOf, { vaultId, folderId, place }) {
  const { type, max } = SEALS[purpose];
  const input = Buffer.from(`floe/v1 record ${purpose}`);
  const [folder, where] = [folderId ?? Buffer.alloc(16), place ?? Buffer.alloc(0)];
  return unseal(sealed, input, type, keyOf, vaultId, folder, where, max);
}

// ---- Sui

const u64 = (value) => bcs.u64().serialize(value).toBytes();

/** Contents of objects; undefined for one that does not exist. */
async function readObjects(client, objectIds) {
  const found = [];
  for (let at = 0; at < objectIds.length; at += 50) {
    const batch = { objectIds: objectIds.slice(at, at + 50), include: { content: true } };
    found.push(...(await client.core.getObjects(batch)).objects);
  }
  return found.map((object) => (object instanceof Error ? undefined : Buffer.from(object.content)));
}

/** Values of dynamic fields with u64 keys: what stands behind object ID and key. */
async function readFields(client, parent, keys) {
  const ids = keys.map((key) => deriveDynamicFieldID(parent, 'u64', u64(key)));
  return (await readObjects(client, ids)).map((content) => content?.subarray(32 + 8));
}

async function chainIdentifierOf(client) {
  const { chainIdentifier } = await client.core.getChainIdentifier();
  const isShort = /^[0-9a-f]{8}$/.test(chainIdentifier);
  return isShort ? chainIdentifier : hex(fromBase58(chainIdentifier).subarray(0, 4));
}

/** What a field of a head holds; nothing where a stranger's bag has another type. */
function bytesOf(field) {
  try {
    return new Reader(field).sized();
  } catch {
    return Buffer.alloc(0);
  }
}

/** §10: sequence and folder parts of an account's head; undefined if it has none of this vault. */
async function readHead(client, { vaultId, headKey }, owner) {
  const open = (bytes, purpose, slot) => {
    const place = Buffer.concat([Buffer.from(owner.slice(2), 'hex'), u64(slot)]);
    return record(unsealRecord(bytes, purpose, () => headKey, { vaultId, place }));
  };
  let newest;
  let isTorn = false;
  for (let page = { hasNextPage: true, cursor: null }; page.hasNextPage;) {
    const { cursor } = page;
    page = await client.core.listOwnedObjects({ owner, type: '0x2::bag::Bag', cursor });
    for (const { objectId } of page.objects) {
      const read = async (slots) => (await readFields(client, objectId, slots)).map(bytesOf);
      const [first] = await read([0]);
      let device;
      try {
        device = open(first, 'head device', 0);
      } catch {
        continue; // Not ours: anyone can send an account objects.
      }
      const sequence = device.number(5);
      if (sequence <= (newest?.sequence ?? 0)) continue;
      const slots = Array.from({ length: device.number(7) }, (_, index) => index + 1);
      const parts = await read(slots);
      if (!device.bytes(8).equals(blake3(Buffer.concat(parts.map((part) => blake3(part)))))) {
        isTorn = true; // Or a stranger's copy of our device part: another bag may be whole.
        continue;
      }
      // A slot whose folder was never published is empty.
      const used = slots.filter((slot) => parts[slot - 1].length > 0);
      newest = {
        sequence,
        folders: used.map((slot) => open(parts[slot - 1], 'head folder', slot)),
      };
    }
  }
  if (isTorn && !newest) {
    throw new Error('a head changed while it was read, or the full node lies: try again');
  }
  return newest;
}

/** §11: the heads of all accounts, until 20 in a row have none. */
async function readHeads(client, keys) {
  const [addresses, heads] = [new Set(), []];
  for (let k = 0, unused = 0; unused < ACCOUNT_GAP; k += 1) {
    const address = addressOf(keys.seed, k);
    addresses.add(address);
    const head = await readHead(client, keys, address);
    if (head) heads.push(head);
    unused = head ? 0 : unused + 1;
  }
  return { addresses, heads };
}

// Walrus's contracts, each struct as far as we read it.
const Committee = bcs.vector(bcs.tuple([bcs.Address, bcs.vector(bcs.u16())]));
const StakingInner = bcs.struct('StakingInner', {
  shardCount: bcs.u16(),
  epochDurationAndStart: bcs.tuple([bcs.u64(), bcs.u64()]),
  pools: bcs.tuple([bcs.Address, bcs.u64()]),
  epoch: bcs.u32(),
  activeSet: bcs.Address,
  nextCommittee: bcs.option(Committee),
  committee: Committee,
  previousCommittee: Committee,
});
const StakingPool = bcs.struct('StakingPool', {
  id: bcs.Address,
  state: bcs.enum('State', { Active: null, Withdrawing: bcs.u32(), Withdrawn: null }),
  votes: bcs.tuple([bcs.u64(), bcs.u64(), bcs.u64()]),
  name: bcs.string(),
  nodeId: bcs.Address,
  networkAddress: bcs.string(),
});

/** For every shard the hosts that have it, or had it before the last change of epochs. */
async function readShardHosts(client, stakingId) {
  const [staking] = await readObjects(client, [stakingId]);
  if (!staking) throw new Error(`there is no staking object ${stakingId} on this network`);
  const [inner] = await readFields(client, stakingId, [staking.readBigUInt64LE(32)]);
  const { shardCount, committee, previousCommittee } = StakingInner.parse(inner);
  const members = [...committee, ...previousCommittee];
  const nodeIds = members.map(([nodeId]) => nodeId);
  const pools = await readObjects(client, nodeIds);
  const hosts = Array.from({ length: shardCount }, () => new Set());
  members.forEach(([, shards], index) => {
    const host = pools[index] && StakingPool.parse(pools[index]).networkAddress;
    for (const shard of host ? shards : []) hosts[shard].add(host);
  });
  return hosts;
}

// ---- Walrus: bytes of blobs

/** No certificate is asked for: whatever comes must open under the vault's keys. */
async function download(url, bytesMax) {
  // Whoever is slower than 32 bytes a millisecond is given up.
  const signal = AbortSignal.timeout(60_000 + Math.ceil(bytesMax / 32));
  const options = { rejectUnauthorized: false, timeout: 30_000, signal };
  const answer = await new Promise((resolve, reject) => {
    const call = (url.startsWith('https:') ? https : http).get(url, options, resolve);
    call.on('timeout', () => call.destroy(new Error('no answer for 30 seconds')));
    call.on('error', reject);
  });
  const chunks = [];
  let size = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bytesMax) throw new Error('the answer is too long');
  }
  if (answer.statusCode !== 200) throw new Error(`HTTP status ${answer.statusCode}`);
  return Buffer.concat(chunks);
}

/** `read`, with what was read last kept in memory. */
function caching(read) {
  const known = new Map();
  let size = 0;
  return async (key, ...rest) => {
    if (known.has(key)) return known.get(key);
    const bytes = await read(key, ...rest);
    known.set(key, bytes);
    size += bytes.length;
    for (const [oldest, { length }] of known) {
      if (size <= CACHE_BYTES) break;
      known.delete(oldest);
      size -= length;
    }
    return bytes;
  };
}

/** Both give `(pack, offset, size) => bytes`. */
function fromAggregator(url) {
  const whole = caching((id, size) => download(`${url.replace(/\/$/, '')}/v1/blobs/${id}`, size));
  return async ({ blobId, size: packSize }, offset, size) =>
    (await whole(blobId.toString('base64url'), packSize)).subarray(offset, offset + size);
}

/** A blob is p rows of s symbols; row r is primary sliver r. §4 says what p and s are. */
function fromStorageNodes(hosts, scheme) {
  const n = hosts.length;
  const f = Math.floor((n - 1) / 3);
  const [p, s] = [n - 2 * f, n - f];
  const readRow = caching(async (path, shard, row, symbolBytes) => {
    let why = 'no storage node has its shard';
    for (const host of hosts[shard]) {
      try {
        const bytes = await download(`${scheme}://${host}${path}`, s * symbolBytes + 16);
        const sliver = new Reader(bytes);
        const [data, ...is] = [sliver.sized(), sliver.u16(), sliver.u16()];
        if (is[0] === symbolBytes && is[1] === row && data.length === s * symbolBytes) return data;
        why = `${host} gave another sliver`;
      } catch (error) {
        why = `${host}: ${error.message}`;
      }
    }
    throw new Error(`${path} cannot be read (${why}); an --aggregator could decode it`);
  });
  return async ({ blobId, size: packSize }, offset, size) => {
    const symbolBytes = Math.ceil(packSize / (p * s) / 2) * 2;
    const rotation = blobId.reduce((rest, byte) => (rest * 256 + byte) % n, 0);
    const first = Math.floor(offset / (s * symbolBytes));
    const end = Math.ceil((offset + size) / (s * symbolBytes));
    const rows = Array.from({ length: end - first }, (_, index) => {
      const row = first + index;
      const path = `/v1/blobs/${blobId.toString('base64url')}/slivers/${row}/primary`;
      return readRow(path, (row + rotation) % n, row, symbolBytes);
    });
    const start = offset - first * s * symbolBytes;
    return Buffer.concat(await Promise.all(rows)).subarray(start, start + size);
  };
}

// ---- §7 Pack index, §8 Snapshots, §9 Folder keys

/** A table of packs; a blob ID of zeros is the pack that holds the table. */
const packsOf = (reader, self) =>
  reader.all((r) => {
    const [blobId, , size] = [r.take(32), r.take(32), r.u32(), r.u8()];
    return blobId.equals(Buffer.alloc(32)) ? self : { blobId, size };
  });

async function readSnapshot(vault, { id, pack, offset, size }) {
  const { vaultId, vaultKey } = vault.keys;
  const sealed = await vault.read(pack, offset, size);
  const plain = unsealRecord(sealed, 'snapshot', () => vaultKey, { vaultId, place: id });
  const [body, signature] = [plain.subarray(0, -64), plain.subarray(-64)];
  const fields = record(body);
  const signer = new Ed25519PublicKey(fields.bytes(22));
  const message = Buffer.concat([Buffer.from('floe/v1 snapshot\0'), body]);
  const isOfVault = id.equals(blake3(plain)) && vault.addresses.has(signer.toSuiAddress());
  if (!isOfVault || !(await signer.verify(message, signature))) {
    throw damaged('a snapshot is not signed by a device of this vault');
  }
  const folderId = fields.bytes(2);
  const members = fields.reader(14).all((r) => [r.sized(), r.sized()]);
  const [, wrapped] = members.find(([member]) => member.length === 0) ?? [[], Buffer.alloc(0)];
  const keys = record(unsealRecord(wrapped, 'folder keys', () => vaultKey, { vaultId, folderId }));
  const epochs = new Map(keys.reader(3).all((r) => [r.u32(), r.take(32)]));
  const keyOf = (epoch) => epochs.get(epoch);
  return { id, pack, fields, folderId, chunkIdKey: keys.bytes(1), keyOf };
}

/** The place of every ID. A newer segment overrules an older one. */
async function readIndex(vault, { pack: self, fields, folderId, chunkIdKey, keyOf }) {
  const packs = packsOf(fields.reader(16), self);
  const readPart = (r) => {
    const part = { pack: packs[r.varint()], offset: r.varint(), size: r.varint(), id: r.take(32) };
    const [, entries] = [r.varint(), r.varint()];
    r.take(entries > 0 ? 32 : 0);
    return part;
  };
  const readSegment = (r) => Array.from({ length: r.varint() }, () => readPart(r));
  const segments = fields.reader(17).all(readSegment);
  const places = new Map();
  for (const parts of segments) {
    const [packsOfSegment, entries] = [[], []];
    for (const { pack, offset, size, id } of parts) {
      const context = { vaultId: vault.keys.vaultId, folderId, place: id };
      const plain = unsealRecord(await vault.read(pack, offset, size), 'index', keyOf, context);
      if (!id.equals(blake3(plain, { key: chunkIdKey }))) throw damaged('an index part');
      packsOfSegment.push(...packsOf(record(plain).reader(1), pack));
      entries.push(record(plain).bytes(2));
    }
    new Reader(Buffer.concat(entries)).all((r) => {
      const [id, pack] = [r.take(32), packsOfSegment[r.u32()]];
      places.set(hex(id), { id, pack, offset: r.u32(), size: r.u24(), kind: r.u8() });
    });
  }
  return places;
}

/** §8.1: every snapshot that is kept, newest first, with the index and the keys that open it now. */
async function readHistory(vault, heads) {
  const found = new Map();
  const add = async (place, head) => {
    const id = hex(place.id);
    if (found.has(id)) return;
    try {
      const snapshot = await readSnapshot(vault, place);
      const { index, keyOf } = head ?? { ...snapshot, index: await readIndex(vault, snapshot) };
      found.set(id, { ...snapshot, isHead: !head, index, keyOf });
    } catch (error) {
      say(process.stderr, `snapshot ${id} cannot be read: ${error.message}\n`);
    }
  };
  for (const folder of heads.flatMap(({ folders }) => folders)) {
    const r = folder.reader(3);
    const [id, blobId] = [r.take(32), r.take(32), r.take(32)];
    const [offset, size, packSize] = [r.varint(), r.varint(), r.varint()];
    await add({ id, offset, size, pack: { blobId, size: packSize } });
  }
  for (const head of [...found.values()]) {
    const older = [...head.index.values()].filter(({ kind }) => kind === 5 || kind === 6);
    for (const place of older) await add(place, head);
  }
  const timeOf = ({ fields }) => fields.number(19);
  return [...found.values()].sort((one, other) => timeOf(other) - timeOf(one));
}

// ---- §6 Trees, written into a directory that was empty

class Restore {
  lost = [];
  fileCount = 0;
  #firstNames = new Map();

  constructor(vault, snapshot) {
    Object.assign(this, { vault, snapshot });
  }

  async #chunk(id) {
    const { index, folderId, chunkIdKey, keyOf } = this.snapshot;
    const { pack, offset, size } = index.get(hex(id)) ?? {};
    if (!pack) throw damaged('the pack index does not name a chunk');
    const sealed = await this.vault.read(pack, offset, size);
    const input = Buffer.concat([Buffer.from('floe/v1 chunk'), id]);
    const { vaultId } = this.vault.keys;
    const plain = unseal(sealed, input, 1, keyOf, vaultId, folderId, id, CHUNK_BYTES_MAX);
    if (!id.equals(blake3(plain, { key: chunkIdKey }))) throw damaged('a chunk is not its ID');
    return plain;
  }

  /** §6.1: the bytes that content stands for, piece by piece. */
  async *#content(depth, items) {
    for (const [id, size] of items) {
      const plain = await this.#chunk(id);
      const below = depth > 0 ? new Reader(plain).all((r) => [r.take(32), r.varint()]) : [];
      const covered = depth > 0 ? below.reduce((sum, item) => sum + item[1], 0) : plain.length;
      if (covered !== size) throw damaged('a piece of a file has another size than its item says');
      if (depth > 0) yield* this.#content(depth - 1, below);
      else yield plain;
    }
  }

  #contentOf(entry, tag) {
    const r = entry.has(tag) ? entry.reader(tag) : new Reader(Buffer.of(0));
    const depth = r.u8();
    const items = r.all(() => [r.take(32), r.varint()]);
    return this.#content(depth, items);
  }

  async *#entries(nodeId, levelMax = 6) {
    const r = new Reader(await this.#chunk(nodeId));
    if (r.u8() !== 1) throw newer('a directory');
    const level = r.u8();
    if (level > levelMax) throw damaged('a directory');
    if (level === 0) return yield* r.all(() => new Fields(r.sized()));
    const children = r.all(() => [r.sized(), r.take(32), r.varint()]);
    for (const [, childId] of children) yield* this.#entries(childId, level - 1);
  }

  /** All below a directory that nobody else has put anything into. */
  async directory(path, nodeId) {
    try {
      for await (const entry of this.#entries(nodeId)) {
        const name = entry.bytes(1);
        const below = Buffer.concat([path, Buffer.from('/'), name]);
        try {
          const text = name.toString('latin1');
          const isHostile = ['', '.', '..'].includes(text) || /[/\0]/.test(text);
          if (isHostile || (process.platform === 'win32' && /[\\:]/.test(text))) {
            throw new Error('its name could lead out of its directory');
          }
          await this.#entry(below, entry);
        } catch (error) {
          this.lost.push(`${shown(below)}: ${error.message}`);
        }
      }
    } catch (error) {
      this.lost.push(`${shown(path)}, in part: ${error.message}`);
    }
  }

  /** Everything is made anew and fails where anything stands, so no link is ever written through. */
  async #entry(path, entry) {
    const [kind, mode, time] = [entry.number(2), entry.number(3), signed(entry.bytes(4))];
    if (kind > 2) throw newer('an entry');
    if (kind === 2) {
      fs.symlinkSync(entry.bytes(11), path);
      fs.lutimesSync(path, nodeTime(time), nodeTime(time));
    } else if (kind === 1) {
      fs.mkdirSync(path, 0o700);
      await this.directory(path, entry.bytes(12));
      setMetadata(path, mode & 0o1777, time);
    } else {
      const group = entry.has(13) ? `${hex(entry.bytes(13))} ${hex(entry.bytes(10))}` : undefined;
      const first = this.#firstNames.get(group);
      if (first) fs.linkSync(first, path);
      else await this.#file(path, entry);
      if (group && !first) this.#firstNames.set(group, path);
      setMetadata(path, mode & 0o777, time);
      this.fileCount += 1;
    }
  }

  async #file(path, entry) {
    const isSparse = entry.has(14) || entry.has(15);
    const stored = [];
    let storedBytes = 0;
    for await (const piece of this.#contentOf(entry, 15)) {
      stored.push(piece);
      storedBytes += piece.length;
      if (storedBytes > EXTENTS_BYTES_MAX) throw damaged('a file has too many extents');
    }
    const extents = isSparse
      ? new Reader(Buffer.concat([entry.bytes(14), ...stored])).all((r) => [r.varint(), r.varint()])
      : [[0, entry.number(9)]];
    const file = fs.openSync(path, 'wx', 0o600);
    try {
      let [position, room] = [0, 0];
      for await (const piece of this.#contentOf(entry, 10)) {
        for (let at = 0; at < piece.length;) {
          if (room === 0) {
            const [distance, size] = extents.shift() ?? [];
            if (!size) throw damaged('a file has more content than there is room for');
            [position, room] = [position + distance, size];
          }
          const count = fs.writeSync(file, piece, at, Math.min(room, piece.length - at), position);
          [at, position, room] = [at + count, position + count, room - count];
        }
      }
      if (room > 0 || extents.some(([, size]) => size > 0)) throw damaged('a file lacks content');
      if (isSparse) fs.ftruncateSync(file, entry.number(9));
    } catch (error) {
      fs.rmSync(path);
      throw error;
    } finally {
      fs.closeSync(file);
    }
  }
}

/** Node takes a number before 1970 for now; a Date has milliseconds only. */
const nodeTime = (time) => (time < 0n ? new Date(Number(time / 1_000_000n)) : Number(time) / 1e9);

function setMetadata(path, mode, time) {
  fs.chmodSync(path, mode);
  fs.utimesSync(path, nodeTime(time), nodeTime(time));
}

// ---- The command line

function readWords(file = '-') {
  const text = fs.readFileSync(file === '-' ? 0 : file, 'utf8');
  // §12: in a kit every word stands behind its number.
  const isKit = text.includes('FLOE RECOVERY KIT');
  const words = isKit ? text.match(/(?<=\b\d+\. +)[a-z]+/g) : text.toLowerCase().match(/[a-z]+/g);
  if (words?.length !== 24 || !validateMnemonic(words.join(' '), wordlist)) {
    throw new Error('these are not 24 words of a vault: one is missing, misspelt or misplaced');
  }
  return words.join(' ');
}

function openClient([{ transport, url }]) {
  if (transport === 'json-rpc') return new SuiJsonRpcClient({ network: 'custom', url });
  return new SuiGrpcClient({ network: 'custom', baseUrl: url });
}

function lineOf({ id, fields, isHead }) {
  const time = new Date(fields.number(19)).toISOString();
  const files = new Fields(fields.bytes(20)).number(1);
  return `${hex(id)}  ${time}  ${isHead ? 'newest' : 'older '}  ${files} files  ${shown(fields.bytes(3))}\n`;
}

async function main() {
  const names = ['words', 'network', 'aggregator', 'to', 'snapshot'];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [command, folder] = positionals;
  const isRestore = command === 'restore' && folder && values.to;
  if (!values.network || (command !== 'list' && !isRestore)) {
    throw new Error('say `list`, or `restore FOLDER --to DIR`, and --network FILE: see line 5');
  }
  const network = JSON.parse(fs.readFileSync(values.network, 'utf8'));
  const client = openClient([network.rpc].flat());
  const keys = vaultKeys(readWords(values.words), await chainIdentifierOf(client));
  const { addresses, heads } = await readHeads(client, keys);
  if (heads.length === 0) throw new Error('these words open nothing on this network');
  const readNodes = async ({ walrus, nodes }) =>
    fromStorageNodes(
      await readShardHosts(client, walrus.stakingObjectId),
      nodes?.scheme ?? 'https',
    );
  const readBlob = values.aggregator ? fromAggregator(values.aggregator) : await readNodes(network);
  const read = (pack, offset, size) => {
    if (!pack || offset + size > pack.size) throw damaged('a place is outside of its pack');
    return readBlob(pack, offset, size);
  };
  const vault = { keys, addresses, read };
  const snapshots = await readHistory(vault, heads);
  if (command === 'list') {
    for (const snapshot of snapshots) say(process.stdout, lineOf(snapshot));
    return 0;
  }

  const wanted = snapshots
    .filter(({ fields }) => fields.bytes(3).toString() === folder)
    .filter(({ id }) => hex(id).startsWith(values.snapshot ?? ''));
  const [snapshot] = wanted;
  if (!snapshot) throw new Error('there is no such folder or snapshot; `list` shows what there is');
  if (values.snapshot && wanted.length > 1) throw new Error('several snapshots begin with that ID');
  fs.mkdirSync(values.to, { recursive: true, mode: 0o700 });
  if (fs.readdirSync(values.to).length > 0) throw new Error(`${values.to} is not empty`);
  say(process.stderr, `restoring ${lineOf(snapshot)}`);
  const target = Buffer.from(fs.realpathSync(values.to));
  const restore = new Restore(vault, snapshot);
  await restore.directory(target, snapshot.fields.bytes(11));
  setMetadata(target, snapshot.fields.number(12) & 0o1777, signed(snapshot.fields.bytes(13)));
  for (const line of restore.lost) say(process.stderr, `lost: ${line}\n`);
  const lostCount = restore.lost.length;
  say(process.stdout, `${restore.fileCount} files restored, ${lostCount} entries lost\n`);
  return lostCount > 0 ? 3 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(process.stderr, `${error.message}\n`);
  process.exitCode = 1;
}
