/**
 * @file `walrus::metadata` and the attribute functions of `walrus::blob`.
 *
 * Attributes are a dynamic field of the Blob under the key "metadata". An update moves the pair
 * to the end, as the contract does.
 */
import { abort, assertMove } from '../move/abort.ts';
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { primitive, vectorOf } from '../move/types.ts';
import { sites } from './abort-sites.ts';
import { metadataLayout, type BlobStruct, type MetadataStruct } from './layouts.ts';

const KEY_TYPE = vectorOf(primitive('u8'));
const KEY = new TextEncoder().encode('metadata');

export const metadataStructs: readonly StructDeclaration[] = [
  {
    name: 'walrus::metadata::Metadata',
    abilities: ['drop', 'store'],
    layout: () => metadataLayout,
  },
];

const valueType = (call: Call) => call.type('walrus::metadata::Metadata');
const hasMetadata = (call: Call, blobObjectId: string): boolean =>
  call.fields.has(blobObjectId, KEY_TYPE, KEY);

/** `dynamic_field::remove_if_exists` of the attributes. */
export function dropMetadata(call: Call, blobObjectId: string): void {
  if (hasMetadata(call, blobObjectId)) {
    call.fields.remove(blobObjectId, KEY_TYPE, KEY, valueType(call));
  }
}

function borrowMetadata(call: Call, blobObjectId: string): MetadataStruct {
  return call.fields.borrow<MetadataStruct>(blobObjectId, KEY_TYPE, KEY, valueType(call));
}

function addMetadata(call: Call, blobObjectId: string, metadata: MetadataStruct): void {
  assertMove(!hasMetadata(call, blobObjectId), sites.duplicateMetadata);
  call.fields.add(blobObjectId, KEY_TYPE, KEY, valueType(call), metadata);
}

function takeMetadata(call: Call, blobObjectId: string): MetadataStruct {
  assertMove(hasMetadata(call, blobObjectId), sites.takeMissingMetadata);
  return call.fields.remove<MetadataStruct>(blobObjectId, KEY_TYPE, KEY, valueType(call));
}

/** The removed pair, or undefined. */
function removePair(metadata: MetadataStruct, key: string) {
  const index = metadata.metadata.findIndex((entry) => entry.key === key);
  return index < 0 ? undefined : metadata.metadata.splice(index, 1)[0];
}

function insertOrUpdate(metadata: MetadataStruct, key: string, value: string): void {
  removePair(metadata, key);
  metadata.metadata.push({ key, value });
}

const STRING = 'std::string::String';
const BLOB = 'walrus::blob::Blob';
const METADATA = 'walrus::metadata::Metadata';

function insertPair(call: Call): undefined {
  const blob = call.argument<BlobStruct>(0);
  if (!hasMetadata(call, blob.id)) addMetadata(call, blob.id, { metadata: [] });
  insertOrUpdate(borrowMetadata(call, blob.id), call.argument<string>(1), call.argument<string>(2));
}

export const metadataFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'walrus::metadata',
    signature: `new(): ${METADATA}`,
    run: () => [{ metadata: [] }],
  },
  {
    module: 'walrus::metadata',
    signature: `insert_or_update(&mut ${METADATA}, ${STRING}, ${STRING})`,
    run: (call) => {
      insertOrUpdate(call.argument<MetadataStruct>(0), call.argument(1), call.argument(2));
      return [];
    },
  },
  {
    module: 'walrus::metadata',
    signature: `remove(&mut ${METADATA}, &${STRING}): (${STRING}, ${STRING})`,
    run: (call) => {
      const pair = removePair(call.argument<MetadataStruct>(0), call.argument(1));
      return pair === undefined ? abort(sites.mapKeyMissing) : [pair.key, pair.value];
    },
  },
  {
    module: 'walrus::metadata',
    signature: `remove_if_exists(&mut ${METADATA}, &${STRING}): std::option::Option<${STRING}>`,
    run: (call) => [removePair(call.argument<MetadataStruct>(0), call.argument(1))?.value ?? null],
  },
  {
    module: 'walrus::blob',
    signature: `add_metadata(&mut ${BLOB}, ${METADATA})`,
    run: (call) => {
      addMetadata(call, call.argument<BlobStruct>(0).id, call.argument<MetadataStruct>(1));
      return [];
    },
  },
  {
    module: 'walrus::blob',
    signature: `add_or_replace_metadata(&mut ${BLOB}, ${METADATA}): std::option::Option<${METADATA}>`,
    run: (call) => {
      const { id } = call.argument<BlobStruct>(0);
      const old = hasMetadata(call, id) ? takeMetadata(call, id) : null;
      addMetadata(call, id, call.argument<MetadataStruct>(1));
      return [old];
    },
  },
  {
    module: 'walrus::blob',
    signature: `take_metadata(&mut ${BLOB}): ${METADATA}`,
    run: (call) => [takeMetadata(call, call.argument<BlobStruct>(0).id)],
  },
  {
    module: 'walrus::blob',
    signature: `insert_or_update_metadata_pair(&mut ${BLOB}, ${STRING}, ${STRING})`,
    run: insertPair,
  },
  {
    module: 'walrus::blob',
    signature: `remove_metadata_pair(&mut ${BLOB}, &${STRING}): (${STRING}, ${STRING})`,
    run: (call) => {
      const { id } = call.argument<BlobStruct>(0);
      assertMove(hasMetadata(call, id), sites.missingMetadata);
      const pair = removePair(borrowMetadata(call, id), call.argument(1));
      return pair === undefined ? abort(sites.mapKeyMissing) : [pair.key, pair.value];
    },
  },
  {
    module: 'walrus::blob',
    signature: `remove_metadata_pair_if_exists(&mut ${BLOB}, &${STRING}): std::option::Option<${STRING}>`,
    run: (call) => {
      const { id } = call.argument<BlobStruct>(0);
      if (!hasMetadata(call, id)) return [null];
      return [removePair(borrowMetadata(call, id), call.argument(1))?.value ?? null];
    },
  },
];
