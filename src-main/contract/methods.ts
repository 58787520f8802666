/**
 * @file For every method of EngineApi, the schema that what arrived must fit.
 *
 * The table is mapped over EngineApi: a method without a schema, or a schema that gives another
 * type than the method takes, does not compile. Strings are bounded, so that a caller cannot fill
 * the engine's memory.
 */
import * as v from 'valibot';
import type { EngineApi, EngineMethod } from './api.ts';
import { storageMethods } from './storage-methods.ts';

const PATH_CHARACTERS_MAX = 32_768;
const NAME_CHARACTERS_MAX = 255;
const EXCLUDES_MAX = 10_000;
const EPOCHS_MAX = 1_000;

const path = v.pipe(v.string(), v.maxLength(PATH_CHARACTERS_MAX));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARACTERS_MAX));
const folder = v.pipe(v.string(), v.minLength(1), v.maxLength(PATH_CHARACTERS_MAX));

type Schemas = {
  readonly [Method in EngineMethod]: v.GenericSchema<unknown, Parameters<EngineApi[Method]>[0]>;
};

export const methods: Schemas = {
  ...storageMethods,
  status: v.strictObject({ withSpread: v.exactOptional(v.boolean()) }),
  addFolder: v.strictObject({
    path,
    name: v.exactOptional(name),
    excludes: v.pipe(v.array(path), v.maxLength(EXCLUDES_MAX)),
    permanent: v.boolean(),
  }),
  removeFolder: v.strictObject({ folder }),
  sync: v.strictObject({
    folder: v.exactOptional(folder),
    acceptDeletions: v.exactOptional(v.boolean()),
  }),
  snapshots: v.strictObject({ folder: v.exactOptional(folder) }),
  list: v.strictObject({ folder, path, snapshot: v.exactOptional(name) }),
  restore: v.strictObject({
    folder,
    target: path,
    snapshot: v.exactOptional(name),
    glob: v.exactOptional(path),
  }),
  extend: v.pipe(
    v.strictObject({
      folder,
      epochs: v.exactOptional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(EPOCHS_MAX)),
      ),
      endEpoch: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
    }),
    v.check(
      ({ epochs, endEpoch }) => (epochs === undefined) !== (endEpoch === undefined),
      'either epochs or endEpoch is needed',
    ),
  ),
  wallet: v.strictObject({}),
  exportKey: v.strictObject({}),
  doctor: v.strictObject({ rebuildIndex: v.exactOptional(v.boolean()) }),
};

export const isEngineMethod = (text: string): text is EngineMethod => Object.hasOwn(methods, text);
