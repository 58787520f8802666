/**
 * @file For every method of EngineApi, the schema that what arrived must fit.
 *
 * The table is mapped over EngineApi: a method without a schema, or a schema that gives another
 * type than the method takes, does not compile. Strings are bounded, so that a caller cannot fill
 * the engine's memory.
 */
import * as v from 'valibot';
import type { EngineApi, EngineMethod } from './api.ts';
import { settingsFields } from './home-methods.ts';
import { retentionMethods } from './retention-methods.ts';
import { storageMethods } from './storage-methods.ts';

const PATH_CHARACTERS_MAX = 32_768;
const NAME_CHARACTERS_MAX = 255;
const EXCLUDES_MAX = 10_000;
const EPOCHS_MAX = 1_000;
/** Paths selected for a restore. */
const SELECTED_MAX = 100_000;
const PAGE_MAX = 10_000;
const TEXT_CHARACTERS_MAX = 1_000;
const HOURS_MAX = 24;
const MINUTES_A_DAY = 1_440;
/** A commit may wait from a minute to a month. */
const COMMIT_EVERY_MS = { min: 60_000, max: 31 * 86_400_000 } as const;

const path = v.pipe(v.string(), v.maxLength(PATH_CHARACTERS_MAX));
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARACTERS_MAX));
const folder = v.pipe(v.string(), v.minLength(1), v.maxLength(PATH_CHARACTERS_MAX));
const excludes = v.pipe(v.array(path), v.maxLength(EXCLUDES_MAX));
const snapshot = v.exactOptional(name);
const paths = v.pipe(v.array(path), v.maxLength(SELECTED_MAX));
const text = v.pipe(v.string(), v.maxLength(TEXT_CHARACTERS_MAX));
const offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_MAX));
const nothing = v.strictObject({});
const task = v.strictObject({ taskId: name });
const moment = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Coins have 64 bits on chain. */
const amount = v.pipe(v.bigint(), v.minValue(0n), v.maxValue(2n ** 64n - 1n));
const agreedWork = v.strictObject({
  folder: v.exactOptional(folder),
  walFrostMax: v.exactOptional(amount),
});
const yesOrNo = v.exactOptional(v.boolean());
const minute = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MINUTES_A_DAY));

type Schemas = {
  readonly [Method in EngineMethod]: v.GenericSchema<unknown, Parameters<EngineApi[Method]>[0]>;
};

export const methods: Schemas = {
  ...storageMethods,
  ...retentionMethods,
  status: v.strictObject({ withSpread: v.exactOptional(v.boolean()) }),
  addFolder: v.strictObject({
    path,
    name: v.exactOptional(name),
    excludes,
    permanent: v.boolean(),
    joins: v.exactOptional(folder),
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
  previewFolder: v.strictObject({ path, excludes }),
  machineFolders: v.strictObject({ path: v.exactOptional(path) }),
  browse: v.strictObject({
    folder,
    snapshot,
    path,
    offset,
    limit,
    sort: v.exactOptional(v.picklist(['name', 'size', 'time'])),
    isDescending: yesOrNo,
  }),
  search: v.strictObject({ folder, snapshot, text, limit }),
  fileVersions: v.strictObject({ folder, path }),
  snapshotChanges: v.strictObject({ folder, from: v.exactOptional(name), to: name }),
  restorePlan: v.strictObject({ folder, snapshot, paths, target: v.exactOptional(path) }),
  tasks: nothing,
  startSync: v.strictObject({ folder: v.exactOptional(folder), acceptDeletions: yesOrNo }),
  startRestore: v.strictObject({ folder, snapshot, paths, target: path }),
  startRenewal: agreedWork,
  startCompaction: agreedWork,
  cancelTask: task,
  resumeTask: task,
  dismissTask: task,
  activity: nothing,
  checkNetwork: nothing,
  pause: v.strictObject({ untilMs: v.exactOptional(moment) }),
  resume: nothing,
  setConditions: v.strictObject({
    isMetered: v.exactOptional(v.union([v.boolean(), v.literal('unknown')])),
    pauseOnMetered: yesOrNo,
    pauseOnBattery: yesOrNo,
    isOnBattery: yesOrNo,
    isOffline: yesOrNo,
    upload: v.exactOptional(
      v.strictObject({ way: settingsFields.upload, tipMaxMist: settingsFields.uploadTipMaxMist }),
    ),
    hasWoken: yesOrNo,
  }),
  updateFolder: v.strictObject({
    folder,
    excludes: v.exactOptional(excludes),
    commitEveryMs: v.exactOptional(
      v.union([
        v.literal('auto'),
        v.pipe(
          v.number(),
          v.integer(),
          v.minValue(COMMIT_EVERY_MS.min),
          v.maxValue(COMMIT_EVERY_MS.max),
        ),
      ]),
    ),
    hours: v.exactOptional(v.pipe(v.array(v.tuple([minute, minute])), v.maxLength(HOURS_MAX))),
    fixedCostCapFrost: v.exactOptional(v.union([v.literal('default'), amount])),
  }),
};

export const isEngineMethod = (text: string): text is EngineMethod => Object.hasOwn(methods, text);
