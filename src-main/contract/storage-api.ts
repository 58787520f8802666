/**
 * @file Time and money: what ends when, what is renewed when, what it costs, and who may spend.
 * Amounts are FROST and MIST (1 WAL = 1 SUI = 10^9). Dates come from the chain's epochs.
 */
import type { CallOptions } from './api.ts';
import type { SerializedError } from './errors.ts';
import type { Saying } from './told.ts';

export interface Cost {
  readonly walFrost: bigint;
  readonly gasMist: bigint;
}

/** A moment of the chain: the epoch, and when it begins by what is known now. */
export interface EpochDate {
  readonly epoch: number;
  readonly atMs: number;
}

/** How long a folder stays protected. */
export interface HorizonPolicy {
  /** `keep`: renewed for ever, never below the floor. `until`: up to a date, then left to lapse. */
  readonly kind: 'keep' | 'until';
  /** Renewed when less than this is left. */
  readonly floorEpochs: number;
  /** What a renewal buys, counted from now. */
  readonly targetEpochs: number;
  readonly untilMs: number | undefined;
}

/** Which snapshots stay; a snapshot that any rule keeps stays. The newest one always does. */
export interface RetentionPolicy {
  readonly keepWithinMs: number | undefined;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

export interface Quote {
  readonly now: Cost;
  /** What keeping it costs a month of 30 days, renewals and fixed commit costs included. */
  readonly perMonth: Cost;
  readonly protectedUntil: EpochDate;
  readonly blobCount: number;
  readonly transactionCount: number;
  /** Bytes as the network bills them. */
  readonly encodedBytes: bigint;
  /** Of `now.gasMist`: tips to the upload relay. */
  readonly tipMist?: bigint;
  /** Missing on the account for `now`; 0 when it suffices. */
  readonly missing: Cost;
}

export interface RenewalPlan {
  readonly folders: readonly {
    readonly folderId: string;
    readonly name: string;
    readonly from: EpochDate;
    readonly to: EpochDate;
    readonly blobCount: number;
    readonly cost: Cost;
  }[];
  /** Packs that are cheaper to rewrite or to let go than to extend. */
  readonly compaction:
    | {
        readonly rewrittenPacks: number;
        readonly deletedPacks: number;
        readonly liveBytes: number;
        /** About what it takes now: less where storage that was given back is used. */
        readonly cost: Cost;
        readonly savedFrost: bigint;
        readonly sentence: string;
      }
    | undefined;
  readonly transactionCount: number;
  /** Of the extensions, and of the repacking. */
  readonly cost: Cost;
  /** Why it cannot be done now, if it can't. */
  readonly problem: SerializedError | undefined;
}

export interface RenewalReport extends RenewalPlan {
  readonly executed: Cost;
  readonly digests: readonly string[];
}

/** What a repacking did, and what it cost. */
export interface CompactionReport {
  readonly compaction: RenewalPlan['compaction'];
  readonly spent: Cost;
}

export interface StorageForecast {
  readonly now: EpochDate;
  readonly epochDurationMs: number;
  readonly epochsAheadMax: number;
  readonly prices: { readonly storageFrostPerMib: bigint; readonly writeFrostPerMib: bigint };
  readonly folders: readonly {
    readonly folderId: string;
    readonly name: string;
    readonly permanent: boolean;
    readonly sizeBytes: number;
    readonly encodedBytes: bigint;
    readonly protectedUntil: EpochDate | undefined;
    readonly horizon: HorizonPolicy;
    readonly retention: RetentionPolicy | undefined;
    /** Renewals under the policy, for the two years to come. */
    readonly renewals: readonly { readonly at: EpochDate; readonly cost: Cost }[];
    readonly perMonth: Cost;
  }[];
  /** What ends when if nobody pays any more. */
  readonly ends: readonly {
    readonly at: EpochDate;
    readonly blobCount: number;
    readonly encodedBytes: bigint;
    readonly folders: readonly string[];
  }[];
  readonly balance: Cost;
  /** Until when the balance pays for everything; undefined when it outlasts the forecast. */
  readonly runsOutAt: EpochDate | undefined;
  readonly perMonth: Cost;
  readonly caps: SpendingCaps;
  /** Caps that were raised and hold from that moment on. */
  readonly capsToCome?: { readonly caps: SpendingCaps; readonly fromMs: number };
  readonly spent: { readonly today: Cost; readonly thisEpoch: Cost; readonly inAll: Cost };
  readonly rate: CurrencyRate | undefined;
  readonly warnings: readonly (Saying & { readonly folderName: string | undefined })[];
}

/** Work that is paid for, of one folder or of all. */
export interface AgreedWork {
  readonly folder?: string;
  /** The price that a person was shown: where it costs more by now, nothing is paid. */
  readonly walFrostMax?: bigint;
}

/** Of the WAL that leaves the account, and of the SUI that it sends away or burns as gas. */
export interface SpendingCaps {
  readonly perTransaction: Cost;
  readonly perDay: Cost;
  readonly perEpoch: Cost;
}

/** The person's own rate; Floe asks nobody for one. */
export interface CurrencyRate {
  readonly currency: string;
  readonly perWal: number;
  readonly perSui: number;
}

export interface LedgerEntry {
  readonly digest: string;
  readonly kind: string;
  readonly state: string;
  readonly atMs: number;
  readonly epoch: number;
  readonly folderName: string | undefined;
  readonly quoted: Cost;
  readonly actual: Cost | undefined;
  /** SUI that was exchanged or sent, apart from gas; of a registration the tip of an upload relay. */
  readonly suiMist: bigint;
}

export interface BlobInventoryEntry {
  readonly folderName: string;
  readonly packId: string;
  readonly blobId: string;
  readonly blobObjectId: string;
  readonly sizeBytes: number;
  readonly encodedBytes: bigint;
  readonly permanent: boolean;
  readonly isShared: boolean;
  readonly endsAt: EpochDate;
  readonly state: 'certified' | 'registered' | 'lapsed' | 'gone';
}

export interface ShareReport {
  readonly folderName: string;
  /** How many were shared now; the others were before. */
  readonly sharedNow: number;
  /** Everything that a guardian extends. */
  readonly blobObjectIds: readonly string[];
  readonly spent: Cost;
}

export interface Funding {
  readonly address: string;
  readonly balance: Cost;
  /** Needed for what is asked, with reserve for gas; 0 when it suffices. */
  readonly missing: Cost;
  /** Whether this network gives test coins on request. */
  readonly hasFaucet: boolean;
  /** Whether SUI can be exchanged for WAL here. */
  readonly hasExchange: boolean;
}

export interface StorageApi extends SpendingApi, RetentionApi {}

/** Which snapshots stay. */
export interface RetentionApi {
  retention(
    request: { readonly folder: string },
    options?: CallOptions,
  ): Promise<{
    readonly retention: RetentionPolicy | undefined;
    /**
     * Since when the rules forget nothing, because many files were overwritten at once with what
     * looks encrypted; undefined when they work.
     */
    readonly frozen: { readonly atMs: number; readonly files: number } | undefined;
    readonly pinned: readonly string[];
    /** Left out of the history by the next commit. */
    readonly forgotten: readonly string[];
  }>;
  /** What the rules would keep and let go, and what that frees. Nothing changes. */
  previewRetention(
    request: { readonly folder: string; readonly retention: RetentionPolicy },
    options?: CallOptions,
  ): Promise<{
    readonly keep: readonly string[];
    readonly forget: readonly string[];
    readonly freedBytes: number;
    readonly savedPerMonth: Cost;
  }>;
  /** From the next commit on. Undefined: every snapshot stays. */
  setRetention(
    request: { readonly folder: string; readonly retention: RetentionPolicy | undefined },
    options?: CallOptions,
  ): Promise<void>;
  /** The files are as they should be: the rules work again. */
  thawRetention(request: { readonly folder: string }, options?: CallOptions): Promise<void>;
  pinSnapshot(
    request: { readonly folder: string; readonly snapshot: string; readonly isPinned: boolean },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Leave a snapshot out of the history, with the next commit or (`now`) with one of its own. The
   * newest stays, and so does what another device's history stands on.
   */
  forgetSnapshot(
    request: { readonly folder: string; readonly snapshot: string; readonly now: boolean },
    options?: CallOptions,
  ): Promise<{ readonly snapshotId: string; readonly isPublished: boolean }>;
  /** What repacking would save now; undefined when it saves nothing. */
  planCompaction(
    request: { readonly folder?: string },
    options?: CallOptions,
  ): Promise<{ readonly compaction: RenewalPlan['compaction'] }>;
  /** Repack what is cheaper to rewrite than to extend, and let go what nobody needs. */
  compact(request: { readonly folder?: string }, options?: CallOptions): Promise<CompactionReport>;
}

/** Horizons, prices and payments. */
export interface SpendingApi {
  /**
   * Share everything that an archive holds, so that a guardian, or anybody, can extend it. There is
   * no way back: `confirmation` repeats the folder's name, typed by the person.
   */
  share(
    request: { readonly folder: string; readonly confirmation: string },
    options?: CallOptions,
  ): Promise<ShareReport>;
  /** What protecting `sizeBytes` in `fileCount` files would cost, for as long as the horizon says. */
  quote(
    request: {
      readonly sizeBytes: number;
      readonly fileCount: number;
      readonly permanent: boolean;
      readonly untilMs?: number;
    },
    options?: CallOptions,
  ): Promise<Quote>;
  storage(request: Record<string, never>, options?: CallOptions): Promise<StorageForecast>;
  blobs(
    request: { readonly folder?: string; readonly offset: number; readonly limit: number },
    options?: CallOptions,
  ): Promise<{ readonly blobs: readonly BlobInventoryEntry[]; readonly total: number }>;
  /** Text of a file to save: what ends and is renewed when, the ledger, or the blobs. */
  exportText(
    request: { readonly what: 'calendar' | 'ledger' | 'blobs'; readonly format: 'ics' | 'csv' },
    options?: CallOptions,
  ): Promise<{ readonly fileName: string; readonly text: string }>;
  planRenewal(request: { readonly folder?: string }, options?: CallOptions): Promise<RenewalPlan>;
  renew(request: AgreedWork, options?: CallOptions): Promise<RenewalReport>;
  setHorizon(
    request: { readonly folder: string; readonly horizon: HorizonPolicy },
    options?: CallOptions,
  ): Promise<void>;
  /** A lower cap holds at once, a higher one after ten minutes: time to notice that it was raised. */
  setCaps(request: { readonly caps: SpendingCaps }, options?: CallOptions): Promise<void>;
  setRate(
    request: { readonly rate: CurrencyRate | undefined },
    options?: CallOptions,
  ): Promise<void>;
  ledger(
    request: { readonly offset: number; readonly limit: number },
    options?: CallOptions,
  ): Promise<{ readonly entries: readonly LedgerEntry[]; readonly total: number }>;
  funding(request: { readonly needed?: Cost }, options?: CallOptions): Promise<Funding>;
  /** Ask the faucet, and exchange SUI for WAL where the network has an exchange. */
  requestTestFunds(request: Record<string, never>, options?: CallOptions): Promise<Funding>;
  /**
   * Send coins away. `confirmation` repeats the address's last six characters, typed by the person.
   * What was asked for before and got no answer is not sent again: then `wasSentBefore`.
   */
  withdraw(
    request: {
      readonly to: string;
      readonly asset: 'WAL' | 'SUI';
      readonly amount: bigint;
      readonly confirmation: string;
    },
    options?: CallOptions,
  ): Promise<{ readonly digest: string; readonly wasSentBefore: boolean }>;
}
