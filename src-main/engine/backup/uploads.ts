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
import type { EncodedBlob } from '../codec/rs2.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { PackRecord } from '../local-index/journal.ts';
import { EngineError, hasCode } from '../model/engine-error.ts';
import type { PackId, SuiAddress, TransactionDigest } from '../model/ids.ts';
import type { Certificate, Committee, WalrusSystem } from '../model/walrus.ts';
import type { Clock, Random } from '../ports/ports.ts';
import type { Tip } from '../sui/wallet/tip.ts';
import { tipFor } from '../walrus/relay/relay-wire.ts';
import { authPackage, NONCE_BYTES, type UploadRelay } from '../walrus/relay/upload-relay.ts';
import type { StorageNetwork } from '../walrus/storage-network.ts';
import type { UploadOptions, UploadResult } from '../walrus/upload.ts';
import { chooseWay, directBytes, type Offer, type UploadChoice } from './upload-choice.ts';
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

export interface PackUpload extends Pick<
  UploadOptions,
  'committee' | 'persistence' | 'onConfirmed'
> {
  readonly blob: EncodedBlob;
  /** The sealed pack. */
  readonly payload: Uint8Array;
  readonly signal: AbortSignal;
}

export const routeOf = ({ upload }: Pick<PackRecord, 'upload'>): UploadRoute | undefined =>
  upload === undefined ? undefined : (JSON.parse(upload) as UploadRoute);

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #uplink: Uplink;
  #wish: UploadWish;
  #avoidedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#uplink = new Uplink(options.index);
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
    if (route?.way === 'relay') this.#record(pack.packId, { ...route, digest });
  }

  /** What relays would get for packs of these sizes now. */
  async quoteTips(
    sizes: readonly number[],
    system: WalrusSystem,
    signal: AbortSignal,
  ): Promise<bigint> {
    let sum = 0n;
    for (const sizeBytes of sizes) {
      try {
        sum += (await this.#chooseFor(sizeBytes, system, signal)).tip?.mist ?? 0n;
      } catch (error) {
        // What cannot be uploaded costs no tip; the upload says why.
        if (!isRelayFailure(error)) throw error;
      }
    }
    return sum;
  }

  /** Store a registered pack. Throws as `StorageNetwork.upload` does. */
  async upload(pack: PackRecord, request: PackUpload): Promise<UploadResult> {
    // As it stands now: an attempt before this one may have changed it.
    const route = routeOf(this.#options.index.journal.find(pack.packId) ?? pack);
    const wantsRelay = route?.way === 'relay' && this.#wish.way !== 'direct';
    if (!wantsRelay) return this.#uploadDirectly(request, route?.isSent === true);
    try {
      const certificate = await this.#uploadByRelay(pack, route, request);
      return { certificate, tail: settledTail(certificate) };
    } catch (error) {
      if (!isRelayFailure(error)) throw error;
      this.#avoid();
      if (this.#wish.way === 'relay') throw error;
      const failure = error.code;
      this.#record(pack.packId, { ...route, way: 'direct', isSent: true, failure });
      this.#options.onFallback(pack, error);
      return await this.#uploadDirectly(request, true);
    }
  }

  /** Bytes of slivers from this machine. `mayBeStored`: nodes are asked what they hold first. */
  async #uploadDirectly(request: PackUpload, mayBeStored: boolean): Promise<UploadResult> {
    const { network, clock } = this.#options;
    const { blob, committee, persistence, onConfirmed, signal } = request;
    const startedAtMs = clock.monotonicMs();
    let sentBytes = 0;
    const result = await network.upload(blob, {
      committee,
      persistence,
      signal,
      ...(onConfirmed ? { onConfirmed } : {}),
      ...(mayBeStored ? { knownStored: allNodes(committee) } : {}),
      onProgress: (progress) => {
        sentBytes = progress.sentBytes;
      },
    });
    this.#uplink.observe(sentBytes, clock.monotonicMs() - startedAtMs);
    return result;
  }

  async #uploadByRelay(
    pack: PackRecord,
    route: UploadRoute,
    { blob, payload, committee, persistence, onConfirmed, signal }: PackUpload,
  ): Promise<Certificate> {
    const { relay, network, clock } = this.#options;
    if (!relay) throw relayAbsent();
    if (route.isSent) {
      const known = { blobId: blob.blobId };
      const options = { committee, persistence, signal };
      const found = await this.#unlessMissing(() => network.requestConfirmations(known, options));
      if (found) return found;
    } else {
      this.#record(pack.packId, { ...route, isSent: true });
    }
    const startedAtMs = clock.monotonicMs();
    const { nonce, digest } = route;
    const certificate = await relay.upload({
      blobId: blob.blobId,
      payload,
      committee,
      persistence,
      proof: nonce && digest ? { digest, nonce: Buffer.from(nonce, 'base64url') } : undefined,
      onSent: () => this.#uplink.observe(payload.length, clock.monotonicMs() - startedAtMs),
      signal,
    });
    onConfirmed?.(signedShards(certificate, committee));
    return certificate;
  }

  /** What an earlier attempt has stored; undefined when it has not. */
  async #unlessMissing(ask: () => Promise<Certificate>): Promise<Certificate | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (hasCode(error, 'quorum-missing')) return undefined;
      throw error;
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
    const { shardCount, committee } = system;
    const choose = (offer: Offer): UploadChoice =>
      chooseWay({
        wish: this.#wish,
        offer,
        uplinkBytesPerSecond: this.#uplink.bytesPerSecond,
        directBytes: directBytes(sizeBytes, shardCount, committee.members.length),
        relayBytes: sizeBytes,
      });
    const first = choose(this.#offerUnasked());
    if (first.way === 'direct') return { choice: first, tip: undefined };
    if (!relay) throw relayAbsent();
    try {
      const terms = await relay.terms(signal);
      const mist = terms ? tipFor(terms, sizeBytes, shardCount) : 0n;
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

const relayAbsent = (): EngineError =>
  new EngineError('relay-absent', 'this network names no upload relay');

const tipTooHigh = (mist: bigint, max: bigint): EngineError =>
  new EngineError(
    'relay-tip-too-high',
    `the upload relay wants ${String(mist)} MIST for a pack, more than the ${String(max)} that a tip may be`,
    { context: { tip: String(mist), max: String(max) } },
  );

const allNodes = ({ members }: Committee): ReadonlySet<Committee['members'][number]['nodeId']> =>
  new Set(members.map(({ nodeId }) => nodeId));

/** Nothing is under way any more: what the relay has not reached, the nodes fill by recovery. */
const settledTail = ({ shardWeight }: Certificate): UploadResult['tail'] => ({
  done: Promise.resolve({ storedShards: shardWeight }),
  stop: () => undefined,
});

function signedShards({ signersBitmap }: Certificate, { members }: Committee) {
  const hasSigned = (index: number): boolean =>
    (((signersBitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  return members
    .filter(({ memberIndex }) => hasSigned(memberIndex))
    .flatMap(({ shards }) => shards);
}
