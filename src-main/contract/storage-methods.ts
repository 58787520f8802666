/** @file For every method about time and money, the schema that what arrived must fit. */
import * as v from 'valibot';
import type { SpendingApi } from './storage-api.ts';

const FOLDER_CHARACTERS_MAX = 32_768;
const ROWS_MAX = 10_000;
const EPOCHS_MAX = 1_000;
const ADDRESS_CHARACTERS_MAX = 100;
/** Coins have 64 bits on chain. */
const AMOUNT_MAX = 2n ** 64n - 1n;

const folder = v.pipe(v.string(), v.minLength(1), v.maxLength(FOLDER_CHARACTERS_MAX));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const page = {
  offset: count,
  limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(ROWS_MAX)),
};
const moment = v.pipe(v.number(), v.safeInteger());
const amount = v.pipe(v.bigint(), v.minValue(0n), v.maxValue(AMOUNT_MAX));
const cost = v.strictObject({ walFrost: amount, gasMist: amount });
const epochs = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(EPOCHS_MAX));
const rate = v.pipe(v.number(), v.finite(), v.minValue(0));

type Schemas = {
  readonly [Method in keyof SpendingApi]: v.GenericSchema<
    unknown,
    Parameters<SpendingApi[Method]>[0]
  >;
};

export const storageMethods: Schemas = {
  quote: v.strictObject({
    sizeBytes: count,
    fileCount: count,
    permanent: v.boolean(),
    untilMs: v.exactOptional(moment),
  }),
  storage: v.strictObject({}),
  blobs: v.strictObject({ folder: v.exactOptional(folder), ...page }),
  exportText: v.strictObject({
    what: v.picklist(['calendar', 'ledger', 'blobs']),
    format: v.picklist(['ics', 'csv']),
  }),
  planRenewal: v.strictObject({ folder: v.exactOptional(folder) }),
  renew: v.strictObject({ folder: v.exactOptional(folder), walFrostMax: v.exactOptional(amount) }),
  setHorizon: v.strictObject({
    folder,
    horizon: v.pipe(
      v.strictObject({
        kind: v.picklist(['keep', 'until']),
        floorEpochs: epochs,
        targetEpochs: epochs,
        untilMs: v.optional(moment),
      }),
      v.check(
        ({ floorEpochs, targetEpochs }) => floorEpochs < targetEpochs,
        'the target must lie above the floor, or it would be renewed every epoch',
      ),
      v.check(
        ({ kind, untilMs }) => (kind === 'until') === (untilMs !== undefined),
        'a date belongs to "until", and to nothing else',
      ),
      v.transform(({ untilMs, ...horizon }) => ({ ...horizon, untilMs })),
    ),
  }),
  share: v.strictObject({
    folder,
    confirmation: v.pipe(v.string(), v.maxLength(FOLDER_CHARACTERS_MAX)),
  }),
  setCaps: v.strictObject({
    caps: v.strictObject({ perTransaction: cost, perDay: cost, perEpoch: cost }),
  }),
  setRate: v.pipe(
    v.strictObject({
      rate: v.optional(
        v.strictObject({
          currency: v.pipe(v.string(), v.minLength(1), v.maxLength(10)),
          perWal: rate,
          perSui: rate,
        }),
      ),
    }),
    v.transform(({ rate: chosen }) => ({ rate: chosen })),
  ),
  ledger: v.strictObject(page),
  funding: v.strictObject({ needed: v.exactOptional(cost) }),
  requestTestFunds: v.strictObject({}),
  withdraw: v.strictObject({
    to: v.pipe(v.string(), v.maxLength(ADDRESS_CHARACTERS_MAX)),
    asset: v.picklist(['WAL', 'SUI']),
    amount: v.pipe(v.bigint(), v.minValue(1n), v.maxValue(AMOUNT_MAX)),
    confirmation: v.pipe(v.string(), v.maxLength(ADDRESS_CHARACTERS_MAX)),
  }),
};
