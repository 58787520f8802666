/**
 * @file Everything that spends: prepares, signs, submits and settles the transactions of one
 * account.
 *
 * A payment has two halves, so that a crash between them never pays twice. `prepare...` decides
 * everything and signs; the caller writes the digest (and the bytes) into its journal; `submit`
 * sends. Whatever happens to the answer, `conclude` finds out later what became of it, and the
 * same bytes may be sent again at any time.
 *
 * One transaction at a time: a prepared one holds the account's turn until it is submitted or
 * discarded, since the next one has to name the coins that it leaves. Coins are chosen here, gas
 * is measured by simulation, and `policy.ts` has the last word on the bytes.
 */
import type { Network } from '#engine/model/network.ts';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { SuiAddress, TransactionDigest } from '#engine/model/ids.ts';
import type { Clock, Logger } from '#engine/ports/ports.ts';
import type { Account } from '../account.ts';
import { firstReachable, openAgreedReader, type AgreedReader } from '../agreement.ts';
import type { ChainRpc, TransactionOutcome } from '../rpc/chain-rpc.ts';
import type { SystemReader } from '../system.ts';
import { KnownVersions } from './known-versions.ts';
import type { ReadCaps, SpendingCaps } from './policy.ts';
import { planExchange, planMerge, planTransfer } from './coin-plans.ts';
import type { Plan, PlanContext } from './plan.ts';
import {
  planCertification,
  planDeletion,
  planExtension,
  planRegistration,
  planSharing,
  type CertificationRequest,
  type ExtensionRequest,
  type RegistrationRequest,
} from './plans.ts';
import { signPlan } from './sign.ts';
import type { CallOptions, Prepared, PreparedTransaction, StoredTransaction } from './prepared.ts';
import { settle, settlementOf, type Settlement, type SettlementRecord } from './settlement.ts';

export interface Wallet {
  readonly address: SuiAddress;
  /** Reserve storage and register blobs on it: one transaction, at most `BLOBS_REGISTERED_MAX`. */
  prepareRegister(
    request: RegistrationRequest,
    options?: CallOptions,
  ): Promise<PreparedTransaction>;
  /** Certify blobs and write head fields in the same transaction; already certified ones are skipped. */
  prepareCertifyAndPublish(
    request: CertificationRequest,
    options?: CallOptions,
  ): Promise<Prepared<CertificationRequest['certificates'][number]>>;
  /** Extend blobs to their targets; those that reach theirs already are skipped. */
  prepareExtend(
    extensions: readonly ExtensionRequest[],
    options?: CallOptions,
  ): Promise<Prepared<ExtensionRequest>>;
  /** Share permanent blobs, so that anyone can extend them. There is no way back. */
  prepareShare(
    blobObjectIds: readonly ExtensionRequest['blobObjectId'][],
    options?: CallOptions,
  ): Promise<PreparedTransaction>;
  /** Give deletable blobs up before their end. */
  prepareDelete(
    blobObjectIds: readonly ExtensionRequest['blobObjectId'][],
    options?: CallOptions,
  ): Promise<PreparedTransaction>;
  /** Exchange SUI for WAL where the network has an exchange. */
  prepareExchange(mist: bigint, options?: CallOptions): Promise<PreparedTransaction>;
  /** Send SUI and WAL to another account of the vault. */
  prepareTransfer(
    request: { readonly recipient: SuiAddress; readonly mist: bigint; readonly frost: bigint },
    options?: CallOptions,
  ): Promise<PreparedTransaction>;
  /** Merge the coins of WAL into one; undefined where there is nothing to merge. */
  prepareMerge(options?: CallOptions): Promise<PreparedTransaction | undefined>;

  /**
   * Send a transaction and return what it did, also if it failed (`requireSuccess`). Throws
   * `transaction-refused` if no node takes it and it did not land; any other error leaves its fate
   * open, and the next `prepare...` settles it first.
   */
  submit(transaction: StoredTransaction, signal?: AbortSignal): Promise<TransactionOutcome>;
  /** Give a prepared transaction's turn back without sending it. */
  discard(transaction: Pick<StoredTransaction, 'digest'>): void;
  /** Look up what became of a transaction. Never sends anything. */
  settle(record: SettlementRecord, signal?: AbortSignal): Promise<Settlement>;
  /** Find out what became of a stored transaction, sending it again where that is open. */
  conclude(
    transaction: StoredTransaction,
    signal?: AbortSignal,
  ): Promise<Exclude<Settlement, { kind: 'unknown' }>>;
  /** Prepare, write the journal, submit; the turn is given back whatever happens. */
  transact(
    step: {
      readonly prepare: () => Promise<PreparedTransaction>;
      readonly journal: (prepared: PreparedTransaction) => Promise<void>;
    },
    signal?: AbortSignal,
  ): Promise<TransactionOutcome>;
}

export interface WalletParts {
  readonly account: Account;
  readonly network: Network;
  readonly endpoints: readonly ChainRpc[];
  readonly systemReader: SystemReader;
  readonly caps: ReadCaps;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Waits before looking a lost transaction up again: execution reaches readers within seconds. */
const LOOK_UP_DELAYS_MS: readonly number[] = [0, 500, 1_500];
/**
 * Waits before a plan is built again, since a node that lags refuses what another one already
 * knows. A simulation that aborts is mostly right, and gets only the first.
 */
const REBUILD_DELAYS_MS: readonly number[] = [500, 1_500];

export function openWallet(parts: WalletParts): Wallet {
  return new AccountWallet(parts);
}

class AccountWallet implements Wallet {
  readonly address: SuiAddress;
  readonly #parts: WalletParts;
  readonly #versions: KnownVersions;
  readonly #readAgreed: AgreedReader;
  /** Settles when the turn of the transaction before is given back. */
  #lastTurn: Promise<void> = Promise.resolve();
  /** Prepared and not yet submitted or discarded, by digest: gives the turn back. */
  readonly #turns = new Map<TransactionDigest, () => void>();
  /** Sent, and nobody knows whether it landed. */
  #inDoubt: StoredTransaction | undefined;

  constructor(parts: WalletParts) {
    this.#parts = parts;
    this.address = parts.account.address;
    this.#versions = new KnownVersions(parts.clock);
    this.#readAgreed = openAgreedReader(parts);
  }

  async prepareRegister(request: RegistrationRequest, options: CallOptions = {}) {
    const { transaction } = await this.#prepare(options, (context) =>
      planRegistration(context, request),
    );
    return required(transaction);
  }

  prepareCertifyAndPublish(request: CertificationRequest, options: CallOptions = {}) {
    return this.#prepare(options, (context) => planCertification(context, request));
  }

  prepareExtend(extensions: readonly ExtensionRequest[], options: CallOptions = {}) {
    return this.#prepare(options, (context) => planExtension(context, extensions));
  }

  async prepareShare(
    blobObjectIds: readonly ExtensionRequest['blobObjectId'][],
    options: CallOptions = {},
  ) {
    const { transaction } = await this.#prepare(options, (context) =>
      planSharing(context, blobObjectIds),
    );
    return required(transaction);
  }

  async prepareDelete(
    blobObjectIds: readonly ExtensionRequest['blobObjectId'][],
    options: CallOptions = {},
  ) {
    const { transaction } = await this.#prepare(options, (context) =>
      planDeletion(context, blobObjectIds),
    );
    return required(transaction);
  }

  async prepareExchange(mist: bigint, options: CallOptions = {}) {
    const { exchangeObjectIds } = this.#parts.network.walrus;
    const { transaction } = await this.#prepare(options, (context) =>
      planExchange(context, exchangeObjectIds, mist),
    );
    return required(transaction);
  }

  async prepareTransfer(
    request: { readonly recipient: SuiAddress; readonly mist: bigint; readonly frost: bigint },
    options: CallOptions = {},
  ) {
    const { transaction } = await this.#prepare(options, (context) =>
      planTransfer(context, request),
    );
    return required(transaction);
  }

  async prepareMerge(options: CallOptions = {}) {
    return (await this.#prepare(options, planMerge)).transaction;
  }

  async submit(transaction: StoredTransaction, signal?: AbortSignal): Promise<TransactionOutcome> {
    const { digest, bytes, signature } = transaction;
    let isSent = false;
    try {
      signal?.throwIfAborted();
      isSent = true;
      const executed = await this.#execute(bytes, signature, digest, signal);
      const outcome = await this.#believed(digest, executed, signal);
      this.#versions.note(outcome);
      if (this.#inDoubt?.digest === digest) this.#inDoubt = undefined;
      return outcome;
    } catch (error) {
      // A refusal is an answer; anything else leaves open whether it was executed.
      if (isSent && !hasCode(error, 'transaction-refused')) this.#inDoubt = transaction;
      throw error;
    } finally {
      this.discard({ digest });
    }
  }

  discard({ digest }: Pick<StoredTransaction, 'digest'>): void {
    this.#turns.get(digest)?.();
    this.#turns.delete(digest);
  }

  async settle(record: SettlementRecord, signal?: AbortSignal): Promise<Settlement> {
    const settlement = await settle(this.#parts.endpoints, record, signal);
    if (settlement.kind !== 'failed') return settlement;
    return settlementOf(await this.#believed(record.digest, settlement.outcome, signal));
  }

  async conclude(
    transaction: StoredTransaction,
    signal?: AbortSignal,
  ): Promise<Exclude<Settlement, { kind: 'unknown' }>> {
    const first = await this.settle(transaction, signal);
    if (first.kind !== 'unknown') return this.#concluded(transaction, first);
    try {
      return settlementOf(await this.submit(transaction, signal));
    } catch (error) {
      if (!hasCode(error, 'transaction-refused')) throw error;
      const second = await this.settle(transaction, signal);
      if (second.kind !== 'unknown') return this.#concluded(transaction, second);
      // Nobody has it and nobody takes it. The next payment begins with the same gas coin, so even
      // then at most one of the two could ever execute.
      return this.#concluded(transaction, { kind: 'cannot-land', reason: 'refused' });
    }
  }

  async transact(
    step: {
      readonly prepare: () => Promise<PreparedTransaction>;
      readonly journal: (prepared: PreparedTransaction) => Promise<void>;
    },
    signal?: AbortSignal,
  ): Promise<TransactionOutcome> {
    const prepared = await step.prepare();
    try {
      await step.journal(prepared);
    } catch (error) {
      this.discard(prepared);
      throw error;
    }
    return await this.submit(prepared, signal);
  }

  #concluded<S extends Settlement>(transaction: StoredTransaction, settlement: S): S {
    if (settlement.kind === 'landed' || settlement.kind === 'failed') {
      this.#versions.note(settlement.outcome);
    }
    if (this.#inDoubt?.digest === transaction.digest) this.#inDoubt = undefined;
    return settlement;
  }

  /** Execute, and if that fails look whether it landed all the same. */
  async #execute(
    bytes: Uint8Array,
    signature: string,
    digest: TransactionDigest,
    signal: AbortSignal | undefined,
  ): Promise<TransactionOutcome> {
    const { endpoints, clock, logger } = this.#parts;
    try {
      return await firstReachable(endpoints, (rpc) => rpc.execute(bytes, signature, signal));
    } catch (error) {
      signal?.throwIfAborted();
      logger.warn('a submission failed, looking the transaction up', { digest });
      for (const delayMs of LOOK_UP_DELAYS_MS) {
        await clock.sleep(delayMs, signal);
        const found = await this.#findQuietly(digest, signal);
        if (found) return found;
      }
      throw error;
    }
  }

  /**
   * What failed is paid for again, so where there is another endpoint it must say the same.
   * Throws `rpc-disagreement`, which leaves the transaction's fate open.
   */
  async #believed(
    digest: TransactionDigest,
    outcome: TransactionOutcome,
    signal: AbortSignal | undefined,
  ): Promise<TransactionOutcome> {
    const { endpoints } = this.#parts;
    if (outcome.status.kind === 'success' || endpoints.length === 1) return outcome;
    const agreed = await this.#readAgreed({
      what: `the transaction ${digest}`,
      agreement: 'all',
      read: async (rpc) => ({ rpc, found: await rpc.findTransaction(digest, signal) }),
      // One that does not know it yet agrees with none.
      fingerprint: ({ rpc, found }) =>
        found?.status.kind ?? `unknown to endpoint ${String(endpoints.indexOf(rpc))}`,
      signal,
    });
    return agreed.found ?? outcome;
  }

  async #findQuietly(
    digest: TransactionDigest,
    signal: AbortSignal | undefined,
  ): Promise<TransactionOutcome | undefined> {
    try {
      return await firstReachable(this.#parts.endpoints, (rpc) =>
        rpc.findTransaction(digest, signal),
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof EngineError) return undefined;
      throw error;
    }
  }

  /** Wait for the turn, settle what is in doubt, plan, build and sign. */
  async #prepare<Skipped>(
    options: CallOptions,
    makePlan: (context: PlanContext) => Promise<{
      readonly plan: Plan | undefined;
      readonly skipped: readonly Skipped[];
    }>,
  ): Promise<Prepared<Skipped>> {
    const { signal } = options;
    const giveBack = await this.#takeTurn(signal);
    let isKept = false;
    try {
      if (this.#inDoubt) await this.conclude(this.#inDoubt, signal);
      const prepared = await this.#buildWithRetry(options, makePlan);
      if (prepared.transaction) {
        this.#turns.set(prepared.transaction.digest, giveBack);
        isKept = true;
      }
      return prepared;
    } finally {
      if (!isKept) giveBack();
    }
  }

  async #buildWithRetry<Skipped>(
    options: CallOptions,
    makePlan: (context: PlanContext) => Promise<{
      readonly plan: Plan | undefined;
      readonly skipped: readonly Skipped[];
    }>,
  ): Promise<Prepared<Skipped>> {
    const { signal } = options;
    for (let attempt = 0; ; attempt++) {
      try {
        return await firstReachable(this.#parts.endpoints, async (rpc) => {
          const context = await this.#openContext(rpc, signal);
          const { plan, skipped } = await makePlan(context);
          if (!plan) return { transaction: undefined, skipped };
          const moment = { epoch: context.system.epoch, atMs: await this.#readTime(rpc, signal) };
          const asked = typeof options.caps === 'function' ? options.caps(moment) : options.caps;
          const caps = lowerCaps(this.#parts.caps(moment), asked);
          const signed = await signPlan(context, plan, caps, this.#parts);
          return { transaction: { ...signed, ...moment }, skipped };
        });
      } catch (error) {
        if (!hasCode(error, 'transaction-refused')) throw error;
        const isAbort = error.context['abortCode'] !== undefined;
        const delayMs = isAbort && attempt > 0 ? undefined : REBUILD_DELAYS_MS[attempt];
        if (delayMs === undefined) throw error;
        // [Note: Lagging endpoint], known-versions.ts.
        await this.#parts.clock.sleep(delayMs, signal);
      }
    }
  }

  async #openContext(rpc: ChainRpc, signal: AbortSignal | undefined): Promise<PlanContext> {
    return {
      rpc,
      system: await this.#parts.systemReader.readState(rpc, signal),
      owner: this.address,
      versions: this.#versions,
      signal,
    };
  }

  /** A machine whose clock is wrong must not have another budget each day. */
  async #readTime(rpc: ChainRpc, signal: AbortSignal | undefined): Promise<number> {
    try {
      return await rpc.readTimeMs(signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof EngineError) return this.#parts.clock.nowMs();
      throw error;
    }
  }

  async #takeTurn(signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#lastTurn = before.then(() => promise);
    try {
      await abortable(before, signal);
    } catch (error) {
      resolve(undefined);
      throw error;
    }
    return () => resolve(undefined);
  }
}

function required(transaction: PreparedTransaction | undefined): PreparedTransaction {
  if (!transaction) throw new EngineError('internal', 'a plan without anything to do');
  return transaction;
}

/** A caller may lower caps for one call, never raise them. */
function lowerCaps(caps: SpendingCaps, asked: Partial<SpendingCaps> = {}): SpendingCaps {
  const lower = (cap: bigint, wish: bigint | undefined): bigint =>
    wish !== undefined && wish < cap ? wish : cap;
  return {
    ...caps,
    walFrost: lower(caps.walFrost, asked.walFrost),
    suiMist: lower(caps.suiMist, asked.suiMist),
    gasMist: lower(caps.gasMist, asked.gasMist),
  };
}

/** Wait for `promise`, or reject with the signal's reason. */
async function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
