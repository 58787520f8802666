/** @file The schemas of what is asked about retention and compaction: part of the table in methods.ts. */
import * as v from 'valibot';
import type { RetentionApi, RetentionPolicy } from './storage-api.ts';

const NAME_CHARACTERS_MAX = 255;
const PATH_CHARACTERS_MAX = 32_768;
/** Snapshots that one rule keeps. */
const COUNT_MAX = 100_000;

const folder = v.pipe(v.string(), v.minLength(1), v.maxLength(PATH_CHARACTERS_MAX));
const snapshot = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARACTERS_MAX));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(COUNT_MAX));

/** A duration that is not there is the same as one that is undefined. */
const retention: v.GenericSchema<unknown, RetentionPolicy> = v.pipe(
  v.strictObject({
    keepWithinMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
  }),
  v.transform(({ keepWithinMs, ...rest }) => ({ ...rest, keepWithinMs })),
);

type Schemas = {
  readonly [Method in keyof RetentionApi]: v.GenericSchema<
    unknown,
    Parameters<RetentionApi[Method]>[0]
  >;
};

export const retentionMethods: Schemas = {
  retention: v.strictObject({ folder }),
  previewRetention: v.strictObject({ folder, retention }),
  setRetention: v.pipe(
    v.strictObject({ folder, retention: v.optional(retention) }),
    v.transform((request) => ({ folder: request.folder, retention: request.retention })),
  ),
  thawRetention: v.strictObject({ folder }),
  pinSnapshot: v.strictObject({ folder, snapshot, isPinned: v.boolean() }),
  forgetSnapshot: v.strictObject({ folder, snapshot, now: v.boolean() }),
  planCompaction: v.strictObject({ folder: v.exactOptional(folder) }),
  compact: v.strictObject({ folder: v.exactOptional(folder) }),
};
