/**
 * @file Takes sealed packs through the rest of the river, one after the other, in their order.
 *
 *     sealed → encoded → registered → uploaded → certified ( → published )
 *
 * Each step reads the state that the journal shows and leaves the next one in it, so that starting
 * again after a crash is the same as going on. At most one encoded pack is in memory: slivers are
 * 4.5 times the pack and never touch our disk; they are encoded again after a crash.
 */
import { encodeBlob, EncoderMemory, type EncodedBlob } from '../codec/rs2.ts';
import type { LocalIndex } from '../local-index/local-index.ts';
import type { PackRecord } from '../local-index/journal.ts';
import { EngineError, hasCode } from '../model/engine-error.ts';
import type { ObjectId, PackId, ShardIndex } from '../model/ids.ts';
import type { Certificate, Persistence, WalrusSystem } from '../model/walrus.ts';
import type { Clock } from '../ports/ports.ts';
import type { Chain } from '../sui/chain.ts';
import type { CertificationRequest } from '../sui/wallet/plans.ts';
import type { Wallet } from '../sui/wallet/wallet.ts';
import type { StorageNetwork } from '../walrus/storage-network.ts';
import type { UploadTail } from '../walrus/upload.ts';
import type { Uploads } from './uploads.ts';
import { parseCertificate, certificateText } from './certificate-text.ts';
import { Payments, type OnLanded } from './payments.ts';
import type { Spool } from './spool.ts';

/** How long the next pack, or the end of a sync, waits for the slowest storage nodes. */
const TAIL_WAIT_MS = 3_000;
/** Memory for packs is taken in these steps, since hardly two are of one size. */
const PAYLOAD_STEP_BYTES = 4 * 1024 * 1024;
/** Epoch changes that one upload is carried through before it starts over. */
const EPOCH_CHANGES_MAX = 3;

/** What publishing a commit adds to the transaction that certifies its pack. */
export interface Publication {
  readonly head: NonNullable<CertificationRequest['head']>;
}

export interface RiverOptions {
  readonly index: LocalIndex;
  readonly spool: Spool;
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly network: StorageNetwork;
  readonly uploads: Uploads;
  readonly clock: Clock;
  /** The head fields that publish the commit which this pack carries. */
  readonly publicationOf: (pack: PackRecord, signal?: AbortSignal) => Promise<Publication>;
  /** What to write when the commit is published, in the same transaction as the journal row. */
  readonly onPublished: (pack: PackRecord) => void;
  /** The same for a head that was written without a commit. */
  readonly onHeadWritten: () => void;
  /** What to write when the blobs of these packs were deleted. */
  readonly onDeleted: (packIds: readonly PackId[]) => void;
  /** The epoch at whose start a pack ends that is bought now. */
  readonly endEpochFor: (system: WalrusSystem, pack: PackRecord) => number;
  /** Whether the account may own storage that no blob uses. */
  readonly hasSpareStorage: () => boolean;
  /** Called after each step. */
  readonly onStep: (pack: PackRecord) => void;
  /** Storage nodes have signed for these shards of a pack. */
  readonly onConfirmed: (packId: PackId, shards: readonly ShardIndex[]) => void;
  /** Make sure that the wallet can pay what a registration costs, or throw `balance-low`. */
  readonly ensureFunds: (walFrost: bigint, signal?: AbortSignal) => Promise<void>;
  readonly quoteRegistration: (system: WalrusSystem, sizeBytes: number, epochs: number) => bigint;
}

export class River {
  readonly #options: RiverOptions;
  readonly #payments: Payments;
  #system: WalrusSystem | undefined;
  #payload: Uint8Array = new Uint8Array(0);
  /** The pack that was encoded last, in that memory. */
  #sealed: Uint8Array = new Uint8Array(0);
  readonly #encoderMemory = new EncoderMemory();
  #tail:
    { readonly packId: PackId; readonly tail: UploadTail; readonly blob: EncodedBlob } | undefined;

  constructor(options: RiverOptions) {
    this.#options = options;
    const { wallet, index } = options;
    this.#payments = new Payments({
      wallet,
      index,
      walType: () => this.#system?.walType ?? '',
      onLanded: {
        register: this.#onRegistered,
        certify: this.#onCertified,
        extend: this.#onExtended,
        share: this.#onShared,
        delete: this.#onDeleted,
      },
    });
  }

  get payments(): Payments {
    return this.#payments;
  }

  /** Read the chain's state anew. */
  async refresh(signal?: AbortSignal): Promise<WalrusSystem> {
    this.#system = await this.#options.chain.readSystem(signal ? { signal } : {});
    return this.#system;
  }

  /** Take every unfinished pack to its end. A failure leaves the rest where the journal shows it. */
  async run(signal: AbortSignal): Promise<void> {
    const { index } = this.#options;
    if (index.ledger.pending().length === 0 && index.journal.unfinished().length === 0) return;
    await this.refresh(signal);
    await this.#payments.settlePending(signal);
    for (;;) {
      const [pack] = index.journal.unfinished();
      if (!pack) return;
      await this.#advance(pack, signal);
    }
  }

  /** Wait a little for the slowest nodes, then let them be, and clear the spool. */
  async finishTails(): Promise<void> {
    await this.#endTail();
    // Nothing is on its way: an engine that only watches needs no memory for packs.
    this.#payload = new Uint8Array(0);
    this.#sealed = this.#payload;
    this.#encoderMemory.release();
    const { index, spool } = this.#options;
    for (const pack of index.journal.spooled()) {
      if (pack.state === 'certified' || pack.state === 'published') this.#unspool(pack.packId);
    }
    spool.removeStrangers(new Set(index.journal.spooled().map(({ packId }) => packId)));
  }

  /** The engine is closed: nobody waits for the slowest nodes any more. Writes nothing. */
  async close(): Promise<void> {
    const current = this.#tail;
    this.#tail = undefined;
    current?.tail.stop();
    await current?.tail.done;
    current?.blob.release();
  }

  async #advance(pack: PackRecord, signal: AbortSignal): Promise<void> {
    let encoded: EncodedBlob | undefined;
    const encode = async (): Promise<EncodedBlob> => (encoded ??= await this.#encode(pack, signal));
    try {
      for (let current = pack; ;) {
        signal.throwIfAborted();
        switch (current.state) {
          case 'sealed':
            await this.#stepEncode(current, await encode());
            break;
          case 'encoded':
            await this.#stepRegister(current, encode, signal);
            break;
          case 'registered':
            if (await this.#hasEnded(current, signal)) break;
            if (this.#tail?.packId === current.packId) {
              // The committee has changed since it was uploaded, and where its slivers belong.
              await this.#endTail();
              encoded = undefined;
            }
            await this.#stepUpload(current, await encode(), signal);
            break;
          case 'uploaded':
            if (await this.#hasEnded(current, signal)) break;
            await this.#stepCertify(current, signal);
            break;
          case 'certified':
            if (current.commitRecord === undefined) return;
            // Certified by somebody else, or by an older release: its commit is still to be published.
            await this.#stepCertify(current, signal);
            break;
          case 'published':
            return;
        }
        current = this.#reload(current.packId);
        this.#options.onStep(current);
      }
    } finally {
      // The tail keeps the slivers; without one nobody needs them.
      if (encoded && this.#tail?.blob !== encoded) encoded.release();
    }
  }

  #reload(packId: PackId): PackRecord {
    const pack = this.#options.index.journal.find(packId);
    if (!pack) throw new EngineError('internal', 'a pack left the journal on its way');
    return pack;
  }

  async #encode(pack: PackRecord, signal: AbortSignal): Promise<EncodedBlob> {
    await this.#endTail();
    const { spool } = this.#options;
    const payload = await spool.read(
      pack.packId,
      { sizeBytes: pack.sizeBytes, hash: pack.sealedHash },
      this.#payloadMemory(pack.sizeBytes),
    );
    this.#sealed = payload;
    const { shardCount } = await this.#currentSystem(signal);
    return encodeBlob(payload, shardCount, { signal, memory: this.#encoderMemory });
  }

  /** Memory for the one pack that is on its way. Whatever was encoded in it has been released. */
  #payloadMemory(sizeBytes: number): Uint8Array {
    if (this.#payload.length < sizeBytes) {
      const capacity = Math.ceil(sizeBytes / PAYLOAD_STEP_BYTES) * PAYLOAD_STEP_BYTES;
      this.#payload = new Uint8Array(capacity);
    }
    return this.#payload;
  }

  async #stepEncode(pack: PackRecord, encoded: EncodedBlob): Promise<void> {
    const { index } = this.#options;
    index.journal.recordEncoded(pack.packId, encoded.blobId, encoded.rootHash, encoded.shardCount);
  }

  /** A registration that ended on the way, while the machine was off, is worth nothing any more. */
  async #hasEnded(pack: PackRecord, signal: AbortSignal): Promise<boolean> {
    const { epoch } = await this.#currentSystem(signal);
    if (pack.endEpoch === undefined || pack.endEpoch > epoch) return false;
    this.#options.index.journal.returnToEncoded(pack.packId);
    return true;
  }

  async #stepRegister(
    pack: PackRecord,
    encode: () => Promise<EncodedBlob>,
    signal: AbortSignal,
  ): Promise<void> {
    const { wallet, endEpochFor, ensureFunds, quoteRegistration, uploads } = this.#options;
    const system = await this.refresh(signal);
    const payload = async (): Promise<Uint8Array> => {
      await encode();
      return this.#sealed;
    };
    const tip = await uploads.choose(pack, system, payload, signal);
    const endEpoch = endEpochFor(system, pack);
    const cost = quoteRegistration(system, pack.sizeBytes, endEpoch - system.epoch);
    await ensureFunds(cost, signal);
    await this.#payments.pay(
      [pack.packId],
      () =>
        wallet.prepareRegister(
          {
            blobs: [
              {
                blobId: known(pack.blobId),
                rootHash: known(pack.rootHash),
                sizeBytes: pack.sizeBytes,
                deletable: !pack.permanent,
              },
            ],
            duration: { endEpoch },
            mayReuse: this.#options.hasSpareStorage(),
            tip,
          },
          { signal },
        ),
      signal,
    );
  }

  readonly #onRegistered: OnLanded = async (record, outcome, signal) => {
    const { chain, index, uploads } = this.#options;
    const created = await chain.readCreatedBlobs(outcome, signal);
    return () => {
      for (const packId of record.packIds) {
        const pack = index.journal.find(packId);
        const blob = created.find(({ blobId }) => blobId === pack?.blobId);
        if (pack?.state !== 'encoded') continue;
        if (!blob) {
          // Without it the pack would be registered, and paid, a second time.
          throw new EngineError('rpc-invalid-answer', 'a registration shows no blob', {
            context: { packId, digest: outcome.digest },
          });
        }
        index.journal.recordRegistered(packId, blob.blobObjectId, blob.endEpoch);
        uploads.recordRegistered(pack, outcome.digest);
      }
    };
  };

  async #stepUpload(pack: PackRecord, encoded: EncodedBlob, signal: AbortSignal): Promise<void> {
    const { index, uploads, onConfirmed } = this.#options;
    if (encoded.blobId !== pack.blobId) {
      throw new EngineError('spool-damaged', 'a sealed pack encodes to another blob than before', {
        context: { packId: pack.packId },
      });
    }
    const persistence = persistenceOf(pack);
    for (let attempt = 0; ; attempt += 1) {
      const { committee } = await this.#currentSystem(signal);
      try {
        const { certificate, tail } = await uploads.upload(pack, {
          blob: encoded,
          payload: this.#sealed,
          committee,
          persistence,
          onConfirmed: (shards) => onConfirmed(pack.packId, shards),
          signal,
        });
        this.#tail = { packId: pack.packId, tail, blob: encoded };
        index.journal.recordUploaded(
          pack.packId,
          certificateText(certificate),
          certificate.shardWeight,
        );
        return;
      } catch (error) {
        if (!hasCode(error, 'epoch-changed') || attempt === EPOCH_CHANGES_MAX) throw error;
        await this.refresh(signal);
      }
    }
  }

  async #stepCertify(pack: PackRecord, signal: AbortSignal): Promise<void> {
    const { index, wallet, publicationOf } = this.#options;
    const certificate = parseCertificate(known(pack.certificate));
    const system = await this.refresh(signal);
    if (certificate.epoch !== system.epoch) {
      await this.#confirmAgain(pack, system, signal);
      return;
    }
    const publication =
      pack.commitRecord === undefined ? undefined : await publicationOf(pack, signal);
    const outcome = await this.#payments.pay(
      [pack.packId],
      async () => {
        const prepared = await wallet.prepareCertifyAndPublish(
          {
            certificates: [{ blobObjectId: known(pack.blobObjectId), certificate }],
            ...(publication ? { head: publication.head } : {}),
          },
          { signal },
        );
        return prepared.transaction;
      },
      signal,
    );
    // Certified already, by whatever way: the chain says so, and there was nothing to publish.
    if (outcome === undefined) index.atomically(this.#writeCertified([pack.packId]));
  }

  readonly #onCertified: OnLanded = async (record) =>
    record.packIds.length === 0
      ? () => this.#options.onHeadWritten()
      : this.#writeCertified(record.packIds);

  readonly #onDeleted: OnLanded = async (record) => () => this.#options.onDeleted(record.packIds);

  /** What the transaction was to reach is known only to whoever made it; the chain shows it. */
  readonly #onExtended: OnLanded = async (record, _outcome, signal) => {
    const { chain, index } = this.#options;
    const ids = record.packIds.flatMap((packId) => index.journal.find(packId)?.blobObjectId ?? []);
    const blobs = await chain.readBlobObjects(ids, {
      agreement: 'any',
      ...(signal ? { signal } : {}),
    });
    return () => {
      for (const blob of blobs.values()) {
        if (blob) index.journal.recordEndEpoch(blob.blobObjectId, blob.endEpoch);
      }
    };
  };

  /** A blob that was shared has another object from then on. */
  readonly #onShared: OnLanded = async (record, outcome, signal) => {
    const { chain, index } = this.#options;
    const shared = await chain.readCreatedBlobs(outcome, signal);
    return () => {
      for (const packId of record.packIds) {
        const pack = index.journal.find(packId);
        const blob = shared.find(({ blobId }) => blobId === pack?.blobId);
        if (!pack?.blobObjectId || !blob) continue;
        index.blobs.drop(pack.blobObjectId);
        index.journal.recordBlobObject(packId, blob.blobObjectId);
      }
    };
  };

  #writeCertified(packIds: readonly PackId[]): () => void {
    const { index, onPublished } = this.#options;
    return () => {
      for (const packId of packIds) {
        const pack = index.journal.find(packId);
        if (!pack) continue;
        if (pack.commitRecord === undefined) {
          index.journal.recordCertified(packId);
        } else {
          index.journal.recordPublished(packId);
          onPublished(pack);
        }
      }
    };
  }

  /** The epoch has changed since the certificate was made: the data is there, ask again. */
  async #confirmAgain(pack: PackRecord, system: WalrusSystem, signal: AbortSignal): Promise<void> {
    const { index, network } = this.#options;
    try {
      const certificate: Certificate = await network.requestConfirmations(
        { blobId: known(pack.blobId) },
        { committee: system.committee, persistence: persistenceOf(pack), signal },
      );
      index.journal.recordUploaded(
        pack.packId,
        certificateText(certificate),
        certificate.shardWeight,
      );
    } catch (error) {
      if (!hasCode(error, 'quorum-missing')) throw error;
      // Shards have moved: upload what the new committee misses.
      index.journal.returnToRegistered(pack.packId);
    }
  }

  async #currentSystem(signal: AbortSignal): Promise<WalrusSystem> {
    return this.#system ?? this.refresh(signal);
  }

  async #endTail(): Promise<void> {
    const current = this.#tail;
    if (!current) return;
    this.#tail = undefined;
    const { clock, index } = this.#options;
    const waiting = new AbortController();
    const stop = clock
      .sleep(TAIL_WAIT_MS, waiting.signal)
      .then(() => current.tail.stop())
      .catch(() => undefined);
    const { storedShards } = await current.tail.done;
    waiting.abort();
    await stop;
    current.blob.release();
    index.journal.recordSpread(current.packId, storedShards);
    const state = index.journal.find(current.packId)?.state;
    if (state === 'certified' || state === 'published') this.#unspool(current.packId);
  }

  /** Forget the sealed bytes: first the file, so that a crash in between leaves only a row. */
  #unspool(packId: PackId): void {
    const { index, spool } = this.#options;
    spool.remove(packId);
    index.journal.recordUnspooled(packId);
  }
}

function persistenceOf(pack: PackRecord): Persistence {
  return pack.permanent
    ? { kind: 'permanent' }
    : { kind: 'deletable', blobObjectId: known<ObjectId>(pack.blobObjectId) };
}

/** What the journal must hold in this state. */
function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new EngineError('index-damaged', 'a journal row is incomplete');
  return value;
}
