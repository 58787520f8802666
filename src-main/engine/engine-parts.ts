/**
 * @file What the engine is given, and what its parts share. Types, and the two smallest helpers.
 */
import type { EngineEvent } from '#contract/events.ts';
import type { UploadWish } from '#contract/task-api.ts';
import type { Activity } from './activity.ts';
import type { ArchiveCodec } from './archive/archive-codec.ts';
import type { RiverFlow } from './backup/river-flow.ts';
import type { River } from './backup/river.ts';
import type { Uploads } from './backup/uploads.ts';
import type { Spool } from './backup/spool.ts';
import type { Catalog } from './catalog.ts';
import type { ChainWatch } from './chain-watch.ts';
import type { VaultKeys } from './codec/keys.ts';
import type { HeadReader } from './heads.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import type { DeviceId, SuiAddress } from './model/ids.ts';
import type { Network } from './model/network.ts';
import type { AbsolutePath, FileSystem, WatchFiles } from './ports/file-system.ts';
import type { Clock, Logger, Random } from './ports/ports.ts';
import type { PackReader } from './restore/pack-reader.ts';
import type { Account } from './sui/account.ts';
import type { Chain } from './sui/chain.ts';
import type { Wallet } from './sui/wallet/wallet.ts';
import type { UploadRelay } from './walrus/relay/upload-relay.ts';
import type { StorageNetwork } from './walrus/storage-network.ts';

/** What a host gives the engine. */
export interface EngineOptions {
  readonly network: Network;
  readonly isTryOut: boolean;
  readonly chainIdentifier: string;
  readonly vaultKeys: VaultKeys;
  /** BIP-39 seed, 64 bytes: accounts are derived from it. */
  readonly seed: Uint8Array;
  readonly accountIndex: number;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly isKitConfirmed: boolean;
  readonly vaultCreatedAtMs: number;
  readonly paths: {
    /** Text, since SQLite opens it. */
    readonly index: string;
    readonly spool: AbsolutePath;
    /** Floe's own folders, which are never protected. */
    readonly own: readonly AbsolutePath[];
    /** The person's own folder, where choosing and restoring begin. The root unless given. */
    readonly person?: AbsolutePath;
  };
  /**
   * Another device has published under this account before this one has paid anything: from the
   * next start on the engine is given `nextIndex`.
   */
  readonly onAccountTaken?: (nextIndex: number) => Promise<void>;
  /**
   * How packs go to the storage nodes, as the person wants it; `setConditions` changes it. Until
   * somebody said so no tip is paid.
   */
  readonly upload?: UploadWish;
  /** Whether an absent index is a new one (default), or a lost one: `index-damaged`. */
  readonly mayCreateIndex?: boolean;
  readonly files: FileSystem;
  readonly watchFiles: WatchFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What the engine's parts share. Not for anybody outside of src-main/engine. */
export interface EngineParts extends HeadReader {
  readonly options: EngineOptions;
  readonly index: LocalIndex;
  readonly spool: Spool;
  readonly codec: ArchiveCodec;
  readonly chain: Chain;
  readonly chainWatch: ChainWatch;
  readonly account: Account;
  readonly wallet: Wallet;
  readonly storage: StorageNetwork;
  /** Undefined where the network names none. */
  readonly relay: UploadRelay | undefined;
  readonly uploads: Uploads;
  readonly river: River;
  readonly activity: Activity;
  readonly flow: RiverFlow;
  readonly packs: PackReader;
  readonly catalog: Catalog;
  readonly emit: (event: EngineEvent) => void;
  /** Addresses whose blobs count as the vault's own. */
  readonly owners: ReadonlySet<SuiAddress>;
}

export const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal ? { signal } : {};

/** What the vault has paid on this device, by the ledger. */
export function spentSoFar(index: LocalIndex): { walFrost: bigint; gasMist: bigint } {
  return index.ledger.all().reduce(
    (sum, { actualFrost, actualGasMist, kind, suiMist, state }) => ({
      // An exchange brings WAL in; it is no spending.
      walFrost: sum.walFrost + (kind === 'exchange' ? 0n : (actualFrost ?? 0n)),
      // What a registration sends is the tip of an upload relay.
      gasMist:
        sum.gasMist +
        (actualGasMist ?? 0n) +
        (kind === 'register' && state === 'landed' ? suiMist : 0n),
    }),
    { walFrost: 0n, gasMist: 0n },
  );
}
