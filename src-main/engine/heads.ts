/**
 * @file Reads and writes heads: what the accounts of a vault say about its folders.
 *
 * The bytes are archive/'s, the objects sui/'s; this joins them. Whatever does not open under the
 * vault's head key was put there by somebody else and is ignored.
 */
import type { ArchiveCodec } from './archive/archive-codec.ts';
import {
  folderPartsHash,
  openDevicePart,
  openFolderPart,
  sealDevicePart,
  sealFolderPart,
  type DevicePart,
  type FolderPart,
  type HeadSeal,
} from './archive/head.ts';
import type { VaultKeys } from './codec/keys.ts';
import { EngineError } from './model/engine-error.ts';
import type { ObjectId, SuiAddress } from './model/ids.ts';
import { deriveAccount } from './sui/account.ts';
import type { Chain } from './sui/chain.ts';
import type { HeadField } from './sui/wallet/programs.ts';

/** Accounts without a head after which no further one is looked for. */
export const ACCOUNT_GAP = 20;
/** Accounts that are asked for at the same time. */
const ACCOUNTS_AT_ONCE = 10;

/** One folder as the head of one account names it. */
export interface HeadFolder {
  readonly slot: number;
  readonly part: FolderPart;
  /** The field's value as stored: the device part names its hash. */
  readonly stored: Uint8Array;
}

/** The head of one account, opened and checked. */
export interface Head {
  readonly accountIndex: number;
  readonly address: SuiAddress;
  readonly bagId: ObjectId;
  readonly device: DevicePart;
  readonly folders: readonly HeadFolder[];
}

export interface HeadReader {
  readonly chain: Chain;
  readonly codec: ArchiveCodec;
  readonly keys: VaultKeys;
  readonly seed: Uint8Array;
}

/** Every head of the vault, by account; accounts are looked for until `gap` in a row have none. */
export async function readAllHeads(
  reader: HeadReader,
  signal?: AbortSignal,
  gap = ACCOUNT_GAP,
): Promise<Head[]> {
  const heads: Head[] = [];
  let lastUsed = -1;
  for (let start = 0; start <= lastUsed + gap;) {
    const count = Math.min(ACCOUNTS_AT_ONCE, lastUsed + gap + 1 - start);
    const indexes = Array.from({ length: count }, (_, offset) => start + offset);
    const found = await Promise.all(indexes.map((index) => readHeadOf(reader, index, signal)));
    for (const [offset, head] of found.entries()) {
      if (!head) continue;
      heads.push(head);
      lastUsed = start + offset;
    }
    start += count;
  }
  return heads;
}

/** The head of one account, or undefined if it has none of ours. */
export async function readHeadOf(
  reader: HeadReader,
  accountIndex: number,
  signal?: AbortSignal,
): Promise<Head | undefined> {
  const [newest] = await readHeadsOf(reader, accountIndex, signal);
  return newest;
}

/**
 * Every bag of one account that is a head, newest first: more than one where two devices have
 * claimed the account.
 */
export async function readHeadsOf(
  reader: HeadReader,
  accountIndex: number,
  signal?: AbortSignal,
): Promise<Head[]> {
  const { chain, seed } = reader;
  const { address } = deriveAccount(seed, accountIndex);
  const options = signal ? { signal } : {};
  const heads: Head[] = [];
  let torn: ObjectId | undefined;
  for (const { objectId: bagId } of (await chain.readHead(address, options))?.bags ?? []) {
    const place = { accountIndex, address, bagId };
    let head = await openBag(reader, place, options);
    // Somebody published between the two reads of a bag: the next look shows one moment.
    if (head === 'torn') head = await openBag(reader, place, options);
    if (head === 'torn') torn = bagId;
    else if (head) heads.push(head);
  }
  // Device parts are public, and anyone can send us a bag with a copy of one: that must not keep
  // the account's own head from being read.
  if (torn && heads.length === 0) {
    throw new EngineError('rpc-invalid-answer', 'the parts of a head do not belong together', {
      context: { bag: torn },
    });
  }
  return heads.sort((a, b) => b.device.sequence - a.device.sequence);
}

/** `torn`: the device part is the vault's, and the folder parts are not those that it names. */
async function openBag(
  reader: HeadReader,
  place: Pick<Head, 'accountIndex' | 'address' | 'bagId'>,
  options: { signal?: AbortSignal },
): Promise<Head | 'torn' | undefined> {
  const { chain, codec } = reader;
  const seal = sealOf(reader, place.address);
  const value = (await chain.readHeadFields(place.bagId, [0], options)).get(0);
  const device = value && (await openDevicePart(value, seal));
  if (!device) return undefined;
  const slots = Array.from({ length: device.folderCount }, (_, index) => index + 1);
  const fields = await chain.readHeadFields(place.bagId, slots, options);
  const stored = slots.map((slot) => fields.get(slot) ?? new Uint8Array(0));
  if (Buffer.compare(folderPartsHash(codec, stored), device.foldersHash) !== 0) return 'torn';
  const folders: HeadFolder[] = [];
  for (const [index, bytes] of stored.entries()) {
    const part = await openFolderPart(bytes, index + 1, seal);
    if (part) folders.push({ slot: index + 1, part, stored: bytes });
  }
  return { ...place, device, folders };
}

function sealOf(reader: Pick<HeadReader, 'codec' | 'keys'>, account: SuiAddress): HeadSeal {
  const { codec, keys } = reader;
  return { codec, vaultId: keys.vaultId, headKey: keys.headKey, account };
}

/**
 * The fields that put `changed` into the head of an account, and its device part with them.
 *
 * `before` is the account's head as it stands; undefined for the first publication. `next` gives
 * the rest of the new device part.
 */
export async function buildHeadFields(
  reader: Pick<HeadReader, 'codec' | 'keys'>,
  account: SuiAddress,
  before: Head | undefined,
  changed: readonly { readonly slot: number; readonly part: FolderPart }[],
  next: Omit<DevicePart, 'folderCount' | 'foldersHash'>,
): Promise<HeadField[]> {
  const seal = sealOf(reader, account);
  const parts = new Map(changed.map(({ slot, part }) => [slot, part]));
  const folderCount = Math.max(before?.device.folderCount ?? 0, ...parts.keys());
  const stored = await Promise.all(
    Array.from({ length: folderCount }, async (_, index) => {
      const slot = index + 1;
      const part = parts.get(slot);
      if (part) return sealFolderPart(part, slot, seal);
      const kept = before?.folders.find((folder) => folder.slot === slot)?.stored;
      // A slot whose folder was never published is empty, but it is there.
      return kept ?? new Uint8Array(0);
    }),
  );
  const device = await sealDevicePart(
    { ...next, folderCount, foldersHash: folderPartsHash(reader.codec, stored) },
    seal,
  );
  const known = before?.device.folderCount ?? 0;
  const fields: HeadField[] = [{ key: 0, value: device, replace: before !== undefined }];
  for (const [index, value] of stored.entries()) {
    const slot = index + 1;
    if (parts.has(slot) || slot > known) {
      fields.push({ key: slot, value, replace: slot <= known });
    }
  }
  return fields;
}
