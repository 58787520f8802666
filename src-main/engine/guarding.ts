/**
 * @file The guardian: keeps shared blobs alive with an account of its own, and can do nothing else.
 *
 * It holds no key of a vault and reads no data: it is given object IDs, and money. Its wallet signs
 * nothing but extensions of SharedBlobs, exchanges of SUI for WAL on test networks, and merges.
 */
import type { Cost, EpochDate, SpendingCaps } from '#contract/storage-api.ts';
import { Payments } from './backup/payments.ts';
import { ensureFunds } from './funds.ts';
import { openLocalIndex, type LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import { parseObjectId, type FolderId, type ObjectId, type PackId } from './model/ids.ts';
import type { Network } from './model/network.ts';
import type { BlobObject, WalrusSystem } from './model/walrus.ts';
import { dateOf, earliestEnd } from './epoch-dates.ts';
import type { Clock, Logger, Random } from './ports/ports.ts';
import { defaultHorizon } from './renewal/horizon.ts';
import { costOf, dueTargets, planExtensions, type HeldBlob } from './renewal/plan.ts';
import { allowanceOf, capsOf, readCaps, spentBy, writeCaps } from './spending.ts';
import { deriveAccount } from './sui/account.ts';
import { openChain, type Chain } from './sui/chain.ts';
import { BLOBS_EXTENDED_MAX } from './sui/wallet/limits.ts';
import type { Wallet } from './sui/wallet/wallet.ts';

const GUARDED_FACT = 'guarded-blobs';
/** All that a guardian keeps is one archive to the plan. */
const GUARDED = 'guarded' as FolderId;

export interface GuardianOptions {
  readonly network: Network;
  /** 64 bytes of its own; no vault's. */
  readonly seed: Uint8Array;
  readonly indexPath: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
}

export interface GuardianReport {
  readonly address: string;
  readonly balance: Cost;
  readonly blobCount: number;
  /** IDs that are no living SharedBlob: nothing can be done for them. */
  readonly lost: readonly string[];
  readonly protectedUntil: EpochDate | undefined;
  /** When the current epoch ends. */
  readonly epochEndsAtMs: number;
  /** What is due now. */
  readonly due: { readonly blobCount: number; readonly walFrost: bigint };
  readonly digests: readonly string[];
  readonly spent: Cost;
}

export class Guardian {
  readonly #options: GuardianOptions;
  readonly #index: LocalIndex;
  readonly #chain: Chain;
  readonly #wallet: Wallet;
  readonly #payments: Payments;
  #walType = '';

  constructor(options: GuardianOptions) {
    const { network, clock, logger, random } = options;
    this.#options = options;
    this.#index = openLocalIndex(options.indexPath);
    this.#chain = openChain(network, { clock, logger, random });
    this.#wallet = this.#chain.openWallet(
      deriveAccount(options.seed, 0),
      capsOf(this.#index, clock),
    );
    this.#payments = new Payments({
      wallet: this.#wallet,
      index: this.#index,
      walType: () => this.#walType,
      onLanded: {},
    });
  }

  get guarded(): readonly ObjectId[] {
    return JSON.parse(this.#index.readFact(GUARDED_FACT) ?? '[]') as ObjectId[];
  }

  /** Guard these from now on, beside what is guarded already. */
  adopt(ids: readonly string[]): void {
    const all = new Set([...this.guarded, ...ids.map(parseObjectId)]);
    this.#index.writeFact(GUARDED_FACT, JSON.stringify([...all]));
  }

  setCaps(caps: SpendingCaps): void {
    writeCaps(this.#index, caps, this.#options.clock.nowMs());
  }

  get caps(): SpendingCaps {
    return readCaps(this.#index, this.#options.clock.nowMs());
  }

  /** Look, and extend what is due unless it is a dry run. */
  async look(
    options: { readonly isDryRun: boolean },
    signal: AbortSignal,
  ): Promise<GuardianReport> {
    const system = await this.#chain.readSystem({ signal });
    this.#walType = system.walType;
    const before = this.#index.ledger.spent('in-all');
    if (!options.isDryRun) await this.#payments.settlePending(signal);
    const first = await this.#read(system, signal);
    const plan = this.#plan(system, first.living);
    const digests: string[] = [];
    if (!options.isDryRun) {
      for (const extensions of plan.transactions) {
        await this.#fund(costOf(extensions), signal);
        const outcome = await this.#payments.pay(
          [],
          async () => (await this.#wallet.prepareExtend(extensions, { signal })).transaction,
          signal,
        );
        if (outcome) digests.push(outcome.digest);
      }
    }
    const { living, lost } = digests.length > 0 ? await this.#read(system, signal) : first;
    const { suiMist, walFrost } = await this.#chain.balances(this.#wallet.address, signal);
    const after = this.#index.ledger.spent('in-all');
    const due = [...plan.transactions.flat(), ...plan.postponed];
    if (!options.isDryRun && plan.postponed.length > 0) {
      throw new EngineError('cap-exceeded', 'the caps of the guardian leave too little for all', {
        context: { amount: String(costOf(due)), cap: String(this.#left(system)) },
      });
    }
    return {
      address: this.#wallet.address,
      balance: { walFrost, gasMist: suiMist },
      blobCount: living.length,
      lost,
      protectedUntil: earliestEnd(living, system),
      epochEndsAtMs: dateOf(system, system.epoch + 1).atMs,
      due: { blobCount: due.length, walFrost: costOf(due) },
      digests,
      spent: {
        walFrost: after.walFrost - before.walFrost,
        gasMist: after.gasMist - before.gasMist,
      },
    };
  }

  close(): void {
    this.#index.close();
  }

  async #read(
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<{ readonly living: readonly BlobObject[]; readonly lost: readonly string[] }> {
    const ids = this.guarded;
    const found = await this.#chain.readBlobObjects(ids, { signal });
    const living = ids.flatMap((id) => {
      const blob = found.get(id);
      const isKept =
        blob?.isShared === true &&
        blob.certifiedEpoch !== undefined &&
        blob.endEpoch > system.epoch;
      return isKept ? blob : [];
    });
    const kept = new Set(living.map(({ blobObjectId }) => blobObjectId));
    return { living, lost: ids.filter((id) => !kept.has(id)) };
  }

  #plan(system: WalrusSystem, living: readonly BlobObject[]) {
    const blobs = living.map((blob): HeldBlob => ({
      blobObjectId: blob.blobObjectId,
      packId: blob.blobObjectId as unknown as PackId,
      folderIds: [GUARDED],
      endEpoch: blob.endEpoch,
      storageBytes: blob.storageSizeBytes,
    }));
    const archive = {
      folderId: GUARDED,
      permanent: true,
      horizon: defaultHorizon(system, true),
    };
    return planExtensions(blobs, dueTargets(blobs, [archive], system), system, {
      blobsPerTransaction: BLOBS_EXTENDED_MAX,
      frostPerTransaction: this.caps.perTransaction.walFrost,
      frostInAll: this.#left(system),
    });
  }

  #left(system: WalrusSystem): bigint {
    const spent = spentBy(this.#index, {
      epoch: system.epoch,
      atMs: this.#options.clock.nowMs(),
    });
    return allowanceOf({ ...this.caps, perTransaction: this.caps.perEpoch }, spent).walFrost;
  }

  #fund(walFrost: bigint, signal: AbortSignal): Promise<void> {
    const parts = {
      chain: this.#chain,
      wallet: this.#wallet,
      network: this.#options.network,
      payments: () => this.#payments,
    };
    return ensureFunds(parts, walFrost, signal);
  }
}
