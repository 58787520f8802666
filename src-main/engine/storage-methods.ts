/** @file The part of EngineApi about time and money: each method, joined to what does it. */
import type { CallOptions } from '#contract/api.ts';
import type { SpendingApi } from '#contract/storage-api.ts';
import type { Compacting } from './compacting.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderSyncing } from './folder-syncing.ts';
import { asProtectedNow, findFolder } from './folders.ts';
import { Forecasting } from './forecasting.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import { EngineError } from './model/engine-error.ts';
import { planRepackedRenewal, repackAndRenew } from './money-work.ts';
import { shareFolder } from './sharing.ts';
import { writeCaps, writeRate } from './spending.ts';
import { blobsCsv, calendarText, ledgerCsv } from './storage-exports.ts';
import { funding, ledgerEntries, requestTestFunds, withdraw } from './wallet-requests.ts';

/** Rows of an exported table. */
const EXPORTED_ROWS_MAX = 1_000_000;

export interface StorageMethodsOptions {
  /** The caller's signal, and the engine's own end. */
  readonly signalOf: (options: CallOptions | undefined) => AbortSignal;
  /** After whatever is paid for now: two plans at once would pay for the same. */
  readonly inTurn: <Result>(
    work: () => Promise<Result>,
    caller: AbortSignal | undefined,
  ) => Promise<Result>;
  readonly compacting: Compacting;
  readonly syncing: FolderSyncing;
}

export function storageMethods(
  parts: EngineParts,
  { signalOf, inTurn, compacting, syncing }: StorageMethodsOptions,
): SpendingApi {
  const { index, emit } = parts;
  const forecasting = new Forecasting(parts);
  const folderOf = (name: string | undefined): FolderRecord | undefined =>
    name === undefined ? undefined : findFolder(parts, name);
  const nowOf = (named: FolderRecord | undefined): FolderRecord | undefined =>
    named && asProtectedNow(index, named);
  /** Some of it may have come or gone, also where the work failed. */
  const movingMoney = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } finally {
      emit({ kind: 'status-changed' });
    }
  };
  return {
    quote: (request, options) => forecasting.quote(request, signalOf(options)),
    storage: (_request, options) => forecasting.storage(signalOf(options)),
    blobs: async ({ folder, offset, limit }, options) => {
      const folderId = folderOf(folder)?.folderId;
      const only = folderId === undefined ? {} : { folder: folderId };
      return forecasting.blobs({ ...only, offset, limit }, signalOf(options));
    },
    exportText: async ({ what, format }, options) => {
      const signal = signalOf(options);
      if ((what === 'calendar') !== (format === 'ics')) {
        throw new EngineError('usage', `${what} is not exported as ${format}`);
      }
      const everything = { offset: 0, limit: EXPORTED_ROWS_MAX };
      switch (what) {
        case 'calendar':
          return { fileName: 'floe.ics', text: calendarText(await forecasting.storage(signal)) };
        case 'ledger':
          return {
            fileName: 'floe-ledger.csv',
            text: ledgerCsv(ledgerEntries(parts, everything).entries),
          };
        case 'blobs':
          return {
            fileName: 'floe-blobs.csv',
            text: blobsCsv((await forecasting.blobs(everything, signal)).blobs),
          };
      }
    },
    planRenewal: async ({ folder }, options) => {
      const named = folderOf(folder);
      return inTurn(
        () => planRepackedRenewal(parts, compacting, nowOf(named), signalOf(options)),
        options?.signal,
      );
    },
    renew: async ({ folder, walFrostMax }, options) => {
      const named = folderOf(folder);
      return inTurn(
        () =>
          repackAndRenew(parts, compacting, nowOf(named), {
            signal: signalOf(options),
            walFrostMax,
          }),
        options?.signal,
      );
    },
    setHorizon: async ({ folder, horizon }) => {
      const { folderId } = findFolder(parts, folder);
      index.folders.recordHorizon(folderId, horizon);
      emit({ kind: 'folders-changed' });
    },
    share: async (request, options) =>
      inTurn(() => {
        const sync = (folder: FolderRecord, signal: AbortSignal) =>
          syncing.sync(folder, false, signal);
        return shareFolder(parts, request, { sync, signal: signalOf(options) });
      }, options?.signal),
    setCaps: async ({ caps }) => {
      writeCaps(index, caps, parts.options.clock.nowMs());
      emit({ kind: 'status-changed' });
    },
    setRate: async ({ rate }) => {
      writeRate(index, rate);
      emit({ kind: 'status-changed' });
    },
    ledger: async (request) => ledgerEntries(parts, request),
    funding: ({ needed }, options) => funding(parts, needed, signalOf(options)),
    requestTestFunds: async (_request, options) =>
      inTurn(() => movingMoney(() => requestTestFunds(parts, signalOf(options))), options?.signal),
    withdraw: async (request, options) =>
      inTurn(() => movingMoney(() => withdraw(parts, request, signalOf(options))), options?.signal),
  };
}
