/**
 * @file Everything a user interface can ask of the engine.
 *
 * One interface, three users: the command line (in process or over the home's socket), the window
 * (over a message port or a WebSocket) and the tests. A method is declared once, here; `methods.ts`
 * holds the one table of argument parsers, so that a forgotten method is a compile error.
 *
 * File contents and keys never cross this boundary, only names, sizes and progress. Money is
 * bigint in FROST and MIST; `wire.ts` carries it through JSON.
 */
import type { BrowseApi } from './browse-api.ts';
import type { ErrorCode, SerializedError } from './errors.ts';
import type { EngineEvent } from './events.ts';
import type { EpochDate, StorageApi } from './storage-api.ts';
import type { TaskApi } from './task-api.ts';

/** The three states a person sees. Shape and word carry the meaning, colour only underlines it. */
export type ProtectionState = 'protected' | 'working' | 'attention';

export interface FolderStatus {
  readonly folderId: string;
  readonly name: string;
  readonly path: string;
  readonly permanent: boolean;
  /** No longer protected; its snapshots stay until they lapse. */
  readonly removed: boolean;
  /** Whether this device protects it. Others of the vault can only be restored here. */
  readonly isHere: boolean;
  readonly state: ProtectionState;
  /** Why it is not protected, if it isn't. */
  readonly problem: Omit<SerializedError, 'cause'> | undefined;
  /** The earliest end of a blob that the newest snapshot needs. Undefined when the chain does not say so. */
  readonly protectedUntil: { readonly atMs: number; readonly epoch: number } | undefined;
  readonly newestSnapshot: SnapshotSummary | undefined;
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly blobCount: number;
  /** Encoded bytes that are paid for. */
  readonly storedBytes: bigint;
  /** Paths that could not be read at the last scan. */
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
  readonly excludes: readonly string[];
  readonly snapshotCount: number;
  /** When the folder last equalled its newest snapshot, by a scan that ended. */
  readonly lastSyncAtMs: number | undefined;
  /** Changes that were noticed and are not committed yet; undefined when there are none. */
  readonly waiting:
    | {
        readonly changes: number;
        readonly nextCommitAtMs: number | undefined;
        /** What committing now costs at least; undefined while the chain does not answer. */
        readonly costs: { readonly walFrost: bigint; readonly gasMist: bigint } | undefined;
      }
    | undefined;
  /** When it is synced by itself, as `updateFolder` sets it. */
  readonly schedule: FolderSchedule;
  /** The least spread blob: how many of the network's shards hold it, as far as known. */
  readonly spread: { readonly storedShards: number; readonly shardCount: number } | undefined;
}

export interface FolderSchedule {
  readonly commitEveryMs: number | 'auto';
  /** How long changes wait for others now: what `auto` comes to at these prices, or what is set. */
  readonly delayMs: number;
  /** Minutes of the day; [] is always. */
  readonly hours: readonly (readonly [number, number])[];
  /** What commits may cost in 30 days at least, however little changes: `auto` waits for that. */
  readonly fixedCostCap: {
    readonly frost: bigint;
    /** Nobody has chosen another. */
    readonly isDefault: boolean;
  };
}

export interface SnapshotSummary {
  readonly snapshotId: string;
  readonly folderId: string;
  readonly folderName: string;
  readonly device: string;
  readonly sequence: number;
  readonly atMs: number;
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly blobId: string;
}

export interface VaultStatus {
  readonly vaultId: string;
  readonly network: {
    readonly name: string;
    readonly isTryOut: boolean;
    readonly chainIdentifier: string;
    readonly epoch: number;
    readonly shardCount: number;
    readonly nodeCount: number;
    readonly epochEndsAtMs: number;
    /** RPC endpoints that must agree. With one, nobody vouches that what it says is new. */
    readonly endpointCount: number;
  };
  readonly state: ProtectionState;
  /** One true sentence, for the first line of every screen. */
  readonly sentence: string;
  /** What concerns all folders at once: the network is away, the clock is wrong. */
  readonly problem: FolderStatus['problem'];
  readonly folders: readonly FolderStatus[];
  readonly address: string;
  readonly device: string;
  /** Nothing is begun by itself: asked for, or because of what the shell said of the machine. */
  readonly pause:
    | {
        readonly reason: 'asked' | 'metered' | 'battery' | 'offline';
        readonly untilMs: number | undefined;
      }
    | undefined;
}

export interface SyncReport {
  readonly folders: readonly {
    readonly folderId: string;
    readonly name: string;
    readonly snapshotId: string | undefined;
    /** Whether this sync published a snapshot, or found nothing to change. */
    readonly published: boolean;
    readonly filesAdded: number;
    readonly filesChanged: number;
    readonly filesRemoved: number;
    readonly bytesRead: number;
    readonly bytesSealed: number;
    readonly unread: readonly { readonly path: string; readonly reason: string }[];
    readonly protectedUntil: { readonly atMs: number; readonly epoch: number } | undefined;
  }[];
  readonly spent: { readonly walFrost: bigint; readonly gasMist: bigint };
}

export interface ListEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly sizeBytes: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly target: string | undefined;
}

export interface RestoreReport {
  readonly snapshotId: string;
  readonly target: string;
  readonly filesRestored: number;
  readonly bytesRestored: number;
  readonly filesAlreadyThere: number;
  /** What could not be restored, with the reason: what the network lets go of first comes first. */
  readonly lost: readonly {
    readonly path: string;
    readonly code: ErrorCode;
    readonly reason: string;
    /** Until then it may be tried again; absent when that is over, or not known. */
    readonly endsAt?: EpochDate;
  }[];
}

export interface ExtendReport {
  readonly blobs: number;
  readonly transactions: number;
  readonly spent: { readonly walFrost: bigint; readonly gasMist: bigint };
  readonly protectedUntil: { readonly atMs: number; readonly epoch: number } | undefined;
}

export interface WalletStatus {
  readonly address: string;
  readonly accountIndex: number;
  readonly walFrost: bigint;
  readonly suiMist: bigint;
  readonly walCoinCount: number;
  readonly spent: { readonly walFrost: bigint; readonly gasMist: bigint };
  readonly transactions: readonly {
    readonly digest: string;
    readonly kind: string;
    readonly state: string;
    readonly atMs: number;
    readonly quotedFrost: bigint;
    readonly quotedGasMist: bigint;
    readonly actualFrost: bigint | undefined;
    readonly actualGasMist: bigint | undefined;
  }[];
}

export interface DoctorReport {
  readonly findings: readonly {
    readonly area: string;
    /** `unknown` is what could not be asked because the network does not answer, or is another. */
    readonly state: 'ok' | 'bad' | 'unknown';
    readonly sentence: string;
    /** Of what is not ok. */
    readonly code: ErrorCode | undefined;
  }[];
}

/** A method's last argument: how to stop it. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** A folder is named by its name, the start of its ID, or its path. */
export interface EngineApi extends BrowseApi, StorageApi, TaskApi {
  status(request: { readonly withSpread?: boolean }, options?: CallOptions): Promise<VaultStatus>;
  addFolder(
    request: {
      readonly path: string;
      readonly name?: string;
      readonly excludes: readonly string[];
      readonly permanent: boolean;
      /**
       * Protect it as this folder, which another device of the vault protects: what that one has
       * stored is not stored again. Name and class are that folder's.
       */
      readonly joins?: string;
    },
    options?: CallOptions,
  ): Promise<FolderStatus>;
  removeFolder(request: { readonly folder: string }, options?: CallOptions): Promise<FolderStatus>;
  sync(
    request: { readonly folder?: string; readonly acceptDeletions?: boolean },
    options?: CallOptions,
  ): Promise<SyncReport>;
  snapshots(
    request: { readonly folder?: string },
    options?: CallOptions,
  ): Promise<readonly SnapshotSummary[]>;
  list(
    request: { readonly folder: string; readonly path: string; readonly snapshot?: string },
    options?: CallOptions,
  ): Promise<readonly ListEntry[]>;
  restore(
    request: {
      readonly folder: string;
      readonly target: string;
      readonly snapshot?: string;
      readonly glob?: string;
    },
    options?: CallOptions,
  ): Promise<RestoreReport>;
  /** To `endEpoch`, or by `epochs` from the earliest end of its blobs; asked twice it buys once. */
  extend(
    request: { readonly folder: string; readonly epochs?: number; readonly endEpoch?: number },
    options?: CallOptions,
  ): Promise<ExtendReport>;
  wallet(request: Record<string, never>, options?: CallOptions): Promise<WalletStatus>;
  exportKey(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<{ readonly key: string }>;
  doctor(
    request: { readonly rebuildIndex?: boolean },
    options?: CallOptions,
  ): Promise<DoctorReport>;
}

/** The engine as its users hold it: the methods, and what it tells by itself. */
export interface EngineConnection {
  readonly api: EngineApi;
  /** Receive every event from now on. Returns a function that ends it. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Resolves when the connection has ended; one within this process ends with it. */
  readonly closed?: Promise<void>;
  close(): Promise<void>;
}

export type EngineMethod = keyof EngineApi;
export type { SerializedError };
