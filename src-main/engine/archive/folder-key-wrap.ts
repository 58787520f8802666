/**
 * @file A folder's keys, sealed for those who may have them.
 *
 * Today the only member is the vault itself. Devices that are invited to one folder will be
 * further members with keys of their own; a reader passes over members it doesn't know.
 */
import type { FolderKeyEpoch, FolderKeys } from '#engine/model/folder-keys.ts';
import type { FolderId, VaultId } from '#engine/model/ids.ts';
import { openBoundRecord, sealBoundRecord, type ArchiveCodec } from './archive-codec.ts';
import type { ByteReader } from './encoding.ts';
import { damaged, encodeRecord, readRecord, writtenField } from './encoding.ts';

const KEY_BYTES = 32;
/** A rotation a day for eleven years. */
export const KEY_EPOCHS_MAX = 4096;
const WRAPPED_BYTES_MAX = 256 * 1024;

const TAG = { chunkIdKey: 1, gearKey: 2, epochs: 3 } as const;

interface Wrap {
  readonly codec: ArchiveCodec;
  readonly vaultId: VaultId;
  readonly vaultKey: Uint8Array;
  readonly folderId: FolderId;
}

/** Seal a folder's keys under the vault key. */
export async function wrapFolderKeys(keys: FolderKeys, wrap: Wrap): Promise<Uint8Array> {
  return sealBoundRecord(encodeFolderKeys(keys), {
    ...wrap,
    purpose: 'folder keys',
    key: wrap.vaultKey,
    keyEpoch: 0,
  });
}

/** Open what wrapFolderKeys sealed. */
export async function unwrapFolderKeys(sealed: Uint8Array, wrap: Wrap): Promise<FolderKeys> {
  const plaintext = await openBoundRecord(sealed, {
    ...wrap,
    purpose: 'folder keys',
    key: wrap.vaultKey,
    plainBytesMax: WRAPPED_BYTES_MAX,
  });
  return decodeFolderKeys(plaintext);
}

export function encodeFolderKeys(keys: FolderKeys): Uint8Array {
  return encodeRecord([
    { tag: TAG.chunkIdKey, value: keys.chunkIdKey },
    { tag: TAG.gearKey, value: keys.gearKey },
    writtenField(TAG.epochs, (writer) => {
      for (const { keyEpoch, key } of keys.epochs) writer.u32(keyEpoch).bytes(key);
    }),
  ]);
}

export function decodeFolderKeys(plaintext: Uint8Array): FolderKeys {
  const fields = readRecord(plaintext, 'folder keys');
  const chunkIdKey = new Uint8Array(fields.fixed(TAG.chunkIdKey, KEY_BYTES));
  const gearKey = new Uint8Array(fields.fixed(TAG.gearKey, KEY_BYTES));
  const epochs = readEpochs(fields.reader(TAG.epochs));
  fields.unknown();
  return { chunkIdKey, gearKey, epochs };
}

function readEpochs(reader: ByteReader): FolderKeyEpoch[] {
  const epochs: FolderKeyEpoch[] = [];
  while (reader.remaining > 0) {
    const keyEpoch = reader.u32();
    if (keyEpoch <= (epochs.at(-1)?.keyEpoch ?? -1)) throw damaged('key epochs are out of order');
    epochs.push({ keyEpoch, key: new Uint8Array(reader.bytes(KEY_BYTES)) });
  }
  if (epochs.length === 0 || epochs.length > KEY_EPOCHS_MAX) {
    throw damaged('a folder has no keys, or more than there can be');
  }
  return epochs;
}
