/**
 * @file Brings registered packs to the storage nodes: directly, or by an upload relay.
 *
 * The way is chosen before the pack is registered, since a relay's tip is paid in that transaction,
 * and stands in the journal with the nonce that the tip is tied to: after a crash the same
 * transaction is shown to the relay again, and nothing is paid twice. A relay that fails is told,
 * and unless the person has said `relay`, the pack goes directly: nodes that hold everything by then
 * say so when they are asked, and get nothing twice.
 */
import type { ErrorCode } from '#contract/errors.ts';
import type { UploadWish } from '#contract/task-api.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { PackRecord } from '../local-index/journal.ts';
import { EngineError } from '../model/engine-error.ts';
import type { PackId, SuiAddress, TransactionDigest } from '../model/ids.ts';
import type { WalrusSystem } from '../model/walrus.ts';
import type { Clock, Random } from '../ports/ports.ts';
import type { Tip } from '../sui/wallet/tip.ts';
import { tipFor, type RelayTerms } from '../walrus/relay/relay-wire.ts';
import {
  authPackage,
  NONCE_BYTES,
  type TipProof,
  type UploadRelay,
} from '../walrus/relay/upload-relay.ts';
import type { StorageNetwork } from '../walrus/storage-network.ts';
import type { UploadResult } from '../walrus/upload.ts';
import { noteTerms, recallTerms } from './relay-terms.ts';
import { chooseWay, directBytes, type Offer, type UploadChoice } from './upload-choice.ts';
import { directWay, relayAbsent, relayWay, type PackUpload, type UploadWay } from './upload-way.ts';
import { Uplink } from './uplink.ts';

/** After a failure a relay is left alone for so long, unless a person wants it. */
const RELAY_AVOIDED_MS = 10 * 60_000;

/** How a pack goes, as the journal keeps it: JSON. */
export interface UploadRoute extends UploadChoice {
  /** Base64url. */
  readonly nonce?: string;
  readonly tip?: { readonly recipient: SuiAddress; readonly mist: string };
  /** The transaction that paid the tip. */
  readonly digest?: TransactionDigest;
  /** A relay was given the pack, so that the storage nodes may hold all of it. */
  readonly isSent?: boolean;
  /** Why the relay that was chosen did not do. */
  readonly failure?: ErrorCode;
}

export interface UploadsOptions {
  readonly index: LocalIndex;
  readonly network: StorageNetwork;
  /** Undefined where the network names none. */
  readonly relay: UploadRelay | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly wish: UploadWish;
  /** A relay did not do, and the pack goes directly. */
  readonly onFallback: (pack: PackRecord, error: EngineError) => void;
}

export const routeOf = ({ upload }: Pick<PackRecord, 'upload'>): UploadRoute | undefined =>
  upload === undefined ? undefined : (JSON.parse(upload) as UploadRoute);

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #uplink: Uplink;
  readonly #direct: UploadWay;
  readonly #byRelay: UploadWay;
  #wish: UploadWish;
  #avoidedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#uplink = new Uplink(options.index);
    const parts = { ...options, uplink: this.#uplink };
    this.#direct = directWay(parts);
    this.#byRelay = relayWay(parts, options.relay);
    this.#wish = options.wish;
  }

  /** What the person wants, from the next pack on. */
  set wish(wish: UploadWish) {
    this.#wish = wish;
  }

  /** What a relay may get for one pack. */
  get tipMaxMist(): bigint {
    return BigInt(this.#wish.tipMaxMist);
  }

  /**
   * Choose the way of a pack that is about to be registered, and give the tip that the registration
   * is to pay.
   *
   * Throws `relay-absent`, `relay-tip-too-high` and what a relay fails with, where the person wants
   * nothing but a relay.
   */
  async choose(
    pack: PackRecord,
    system: WalrusSystem,
    payload: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Tip | undefined> {
    const { choice, tip } = await this.#chooseFor(pack.sizeBytes, system, signal);
    if (choice.because === 'slow-uplink' && this.#uplink.isMeasuringDue) {
      this.#record(pack.packId, { way: 'direct', because: 'measuring-due' });
      return undefined;
    }
    if (!tip) {
      this.#record(pack.packId, choice);
      return undefined;
    }
    const nonce = this.#options.random.bytes(NONCE_BYTES);
    const recipient = tip.address;
    this.#record(pack.packId, {
      ...choice,
      nonce: Buffer.from(nonce).toString('base64url'),
      tip: { recipient, mist: String(tip.mist) },
    });
    return { recipient, mist: tip.mist, authPackage: authPackage(await payload(), nonce) };
  }

  /** The transaction that registered the pack has landed. To be called in its journal write. */
  recordRegistered(pack: PackRecord, digest: TransactionDigest): void {
    const route = routeOf(pack);
    if (!route) return;
    this.#uplink.countPack(route.way);
    if (route.way === 'relay') this.#record(pack.packId, { ...route, digest });
  }

  /** What the relay would get for packs of these sizes now. It is asked once, where it matters. */
  async quoteTips(
    sizes: readonly number[],
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<bigint> {
    const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
    await this.#askTerms(largest, system, signal);
    return sizes.reduce((sum, size) => sum + this.expectedTip(size, system), 0n);
  }

  /** Make its terms known, if they aren't and a pack of that size would go by relay. */
  async learnTerms(sizeBytes: number, system: WalrusSystem, signal: AbortSignal): Promise<void> {
    const { relay, index } = this.#options;
    const isAvoided = this.#offerUnasked().kind === 'failing';
    if (relay && recallTerms(index, relay.url) === 'unknown' && !isAvoided) {
      await this.#askTerms(sizeBytes, system, signal);
    }
  }

  /**
   * What the relay would get for a pack, by the terms that it named last: nobody is asked. Nothing
   * where the pack would go directly, or not at all.
   */
  expectedTip(sizeBytes: number, system: WalrusSystem): bigint {
    const { relay, index } = this.#options;
    const terms = relay && recallTerms(index, relay.url);
    if (!terms || terms === 'unknown') return 0n;
    const tipMist = tipFor(terms, sizeBytes, system.shardCount);
    const unasked = this.#offerUnasked();
    const offer = unasked.kind === 'unasked' ? { kind: 'offered' as const, tipMist } : unasked;
    const { way } = this.#choice(sizeBytes, system, offer);
    return way === 'relay' && tipMist <= this.tipMaxMist ? tipMist : 0n;
  }

  /** Store a registered pack, the way that was chosen for it. Throws as `UploadWay.upload` does. */
  async upload(
    pack: PackRecord,
    request: Omit<PackUpload, 'mayBeStored' | 'proof'>,
  ): Promise<UploadResult> {
    // As it stands now: an attempt before this one may have changed it.
    const route = routeOf(this.#options.index.journal.find(pack.packId) ?? pack);
    const mayBeStored = route?.isSent === true;
    const wantsRelay = route?.way === 'relay' && this.#wish.way !== 'direct';
    if (!wantsRelay) return this.#direct.upload({ ...request, mayBeStored, proof: undefined });
    const sent: UploadRoute = { ...route, isSent: true };
    if (!mayBeStored) this.#record(pack.packId, sent);
    try {
      return await this.#byRelay.upload({ ...request, mayBeStored, proof: proofOf(route) });
    } catch (error) {
      if (!isRelayFailure(error)) throw error;
      this.#avoid();
      if (this.#wish.way === 'relay') throw error;
      this.#record(pack.packId, { ...sent, way: 'direct', failure: error.code });
      this.#options.onFallback(pack, error);
      return await this.#direct.upload({ ...request, mayBeStored: true, proof: undefined });
    }
  }

  async #chooseFor(
    sizeBytes: number,
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<{
    readonly choice: UploadChoice;
    readonly tip: { readonly address: SuiAddress; readonly mist: bigint } | undefined;
  }> {
    const { relay } = this.#options;
    const choose = (offer: Offer): UploadChoice => this.#choice(sizeBytes, system, offer);
    const first = choose(this.#offerUnasked());
    if (first.way === 'direct') return { choice: first, tip: undefined };
    if (!relay) throw relayAbsent();
    try {
      const terms = await this.#terms(relay, signal);
      const mist = terms ? tipFor(terms, sizeBytes, system.shardCount) : 0n;
      const choice = choose({ kind: 'offered', tipMist: mist });
      if (choice.way === 'direct') return { choice, tip: undefined };
      if (mist > this.tipMaxMist) throw tipTooHigh(mist, this.tipMaxMist);
      return { choice, tip: terms && { address: terms.address, mist } };
    } catch (error) {
      if (!isRelayFailure(error) || this.#wish.way === 'relay') throw error;
      this.#avoid();
      return { choice: choose({ kind: 'failing' }), tip: undefined };
    }
  }

  /** A pack of that size would go by relay as far as is known, so its terms matter. */
  async #askTerms(sizeBytes: number, system: WalrusSystem, signal: AbortSignal): Promise<void> {
    const { relay } = this.#options;
    const isWanted = this.#choice(sizeBytes, system, this.#offerUnasked()).way === 'relay';
    if (!relay || !isWanted) return;
    try {
      await this.#terms(relay, signal);
    } catch (error) {
      // The upload says why; who only wants to know a price does not wait for it twice.
      if (!isRelayFailure(error)) throw error;
      this.#avoid();
    }
  }

  async #terms(relay: UploadRelay, signal: AbortSignal): Promise<RelayTerms> {
    const terms = await relay.terms(signal);
    noteTerms(this.#options.index, relay.url, terms);
    return terms;
  }

  #choice(sizeBytes: number, { shardCount, committee }: WalrusSystem, offer: Offer): UploadChoice {
    return chooseWay({
      wish: this.#wish,
      offer,
      uplinkBytesPerSecond: this.#uplink.bytesPerSecond,
      directBytes: directBytes(sizeBytes, shardCount, committee.members.length),
      relayBytes: sizeBytes,
    });
  }

  #offerUnasked(): Offer {
    const { relay, clock } = this.#options;
    if (!relay) return { kind: 'none' };
    return { kind: clock.monotonicMs() < this.#avoidedUntilMs ? 'failing' : 'unasked' };
  }

  #avoid(): void {
    this.#avoidedUntilMs = this.#options.clock.monotonicMs() + RELAY_AVOIDED_MS;
  }

  #record(packId: PackId, route: UploadRoute): void {
    this.#options.index.journal.recordUpload(packId, JSON.stringify(route));
  }
}

const RELAY_FAILURES: readonly ErrorCode[] = [
  'relay-absent',
  'relay-unreachable',
  'relay-refused',
  'relay-invalid-answer',
  'relay-tip-too-high',
];

const isRelayFailure = (error: unknown): error is EngineError =>
  error instanceof EngineError && RELAY_FAILURES.includes(error.code);

const tipTooHigh = (mist: bigint, max: bigint): EngineError =>
  new EngineError(
    'relay-tip-too-high',
    `the upload relay wants ${String(mist)} MIST for a pack, more than the ${String(max)} that a tip may be`,
    { context: { tip: String(mist), max: String(max) } },
  );

/** Shows a relay that it was paid; undefined where it works for nothing. */
function proofOf({ nonce, digest }: UploadRoute): TipProof | undefined {
  if (nonce === undefined || digest === undefined) return undefined;
  return { digest, nonce: Buffer.from(nonce, 'base64url') };
}
