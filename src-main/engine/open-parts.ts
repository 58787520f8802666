/** @file Builds the engine's parts from what a host gives it, and joins them. */
import type { EngineEvent } from '#contract/events.ts';
import { Activity } from './activity.ts';
import { archiveCodec } from './archive-codec.ts';
import { RiverFlow } from './backup/river-flow.ts';
import { River } from './backup/river.ts';
import { openSpool } from './backup/spool.ts';
import { Uploads } from './backup/uploads.ts';
import { Catalog } from './catalog.ts';
import { ChainWatch } from './chain-watch.ts';
import { blake3 } from './codec/hash.ts';
import { verifySignature } from './codec/keys.ts';
import { withSignal, type EngineOptions, type EngineParts } from './engine-parts.ts';
import { ensureFunds } from './funds.ts';
import { recordDeleted, SPARE_STORAGE_FACT } from './giving-up.ts';
import { ACCOUNT_GAP, type HeadReader } from './heads.ts';
import { openLocalIndex } from './local-index/local-index.ts';
import { serializeError } from './model/engine-error.ts';
import type { SuiAddress } from './model/ids.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { endEpochFor, quoteRegistration } from './policy.ts';
import { claimAccount, publicationOf, recordHeadWritten, recordPublished } from './publishing.ts';
import { PackReader } from './restore/pack-reader.ts';
import { capsOf } from './spending.ts';
import { sliverCodec } from './sliver-codec.ts';
import { deriveAccount } from './sui/account.ts';
import { openChain, type Chain } from './sui/chain.ts';
import { openUploadRelay } from './walrus/relay/upload-relay.ts';
import { openStorageNetwork } from './walrus/storage-network.ts';

export function openParts(options: EngineOptions, emit: (event: EngineEvent) => void): EngineParts {
  const { network, clock, random, logger, seed, files, vaultKeys } = options;
  const index = openLocalIndex(options.paths.index, {
    mayCreate: options.mayCreateIndex !== false,
  });
  const codec = archiveCodec(random);
  const spool = openSpool({ files, folder: options.paths.spool, hash: blake3 });
  const chain: Chain = openChain(network, {
    clock,
    logger,
    random,
    onServerTime: (server, serverMs) => chainWatch.heard(server, serverMs),
  });
  const chainWatch = new ChainWatch({ chain, clock });
  const account = deriveAccount(seed, options.accountIndex);
  const caps = capsOf(index, clock);
  const wallet = chain.openWallet(account, (moment) => ({
    ...caps(moment),
    tipMist: uploads.tipMaxMist,
  }));
  const storage = openStorageNetwork({
    scheme: network.nodes.scheme,
    trust: network.nodes.trust,
    codec: sliverCodec,
    clock,
    random,
    logger,
  });
  const { uploadRelay } = network;
  const relay = uploadRelay && openUploadRelay({ url: uploadRelay.url, codec: sliverCodec, clock });
  const uploads = new Uploads({
    index,
    network: storage,
    relay,
    clock,
    random,
    wish: options.upload ?? { way: 'auto', tipMaxMist: 0 },
    onFallback: (pack, error) => activity.fellBack(pack, serializeError(error)),
  });
  const headReader: HeadReader = { chain, codec, keys: vaultKeys, seed };
  const packs = new PackReader({
    readBlob: async (blobId, signal, memory) =>
      storage.readBlob(blobId, {
        ...(await committees(chain, signal)),
        ...withSignal(signal),
        ...(memory ? { memory } : {}),
      }),
    readRange: async (blobId, offset, length, signal) =>
      storage.readRange(blobId, offset, length, {
        ...(await committees(chain, signal)),
        ...withSignal(signal),
      }),
  });
  const devices = deviceKeys(seed, options.accountIndex);
  const reader = {
    codec,
    keys: vaultKeys,
    packs,
    verify: (signer: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
      devices.keys.has(Buffer.from(signer).toString('hex')) &&
      verifySignature(signer, message, signature),
  };
  const activity = new Activity({ index, options, emit, chain, chainWatch, storage });
  const river: River = new River({
    index,
    spool,
    chain,
    wallet,
    network: storage,
    uploads,
    clock,
    endEpochFor: (system, pack) => {
      const folders = index.journal
        .foldersOf(pack.packId)
        .flatMap((folderId) => index.folders.find(folderId) ?? []);
      return endEpochFor(system, folders, pack.permanent);
    },
    quoteRegistration,
    publicationOf: (pack, signal) => publicationOf(parts, pack, signal),
    onPublished: (pack) => recordPublished(index, pack),
    hasSpareStorage: () => index.readFact(SPARE_STORAGE_FACT) !== undefined,
    onHeadWritten: () => recordHeadWritten(index),
    onDeleted: (packIds) => recordDeleted(index, packIds),
    onConfirmed: (packId, shards) => activity.confirmed(packId, shards),
    onStep: (pack) => {
      activity.stepped(pack);
      parts.flow.stepped();
    },
    ensureFunds: async (walFrost, signal) => {
      await ensureFunds(
        { chain, wallet, network, payments: () => river.payments },
        walFrost,
        signal,
      );
      await claimAccount(parts, signal);
    },
  });
  const parts: EngineParts = {
    ...headReader,
    options,
    index,
    spool,
    account,
    wallet,
    storage,
    relay,
    uploads,
    river,
    activity,
    chainWatch,
    flow: new RiverFlow({
      run: (signal) => river.run(signal),
      countUnfinished: () => index.journal.unfinished().length,
    }),
    packs,
    catalog: new Catalog({
      ...headReader,
      reader,
      packs,
      clock,
      isForgotten: (snapshotId) => index.snapshots.isForgotten(snapshotId),
    }),
    emit,
    owners: devices.addresses,
  };
  return parts;
}

async function committees(
  chain: Chain,
  signal: AbortSignal | undefined,
): Promise<Pick<WalrusSystem, 'committee'> & Partial<WalrusSystem>> {
  const { committee, previousCommittee, isChangingEpoch } = await chain.readSystem(
    withSignal(signal),
  );
  return isChangingEpoch ? { committee, previousCommittee } : { committee };
}

/** Keys and addresses of every account that a device of this vault may have. */
function deviceKeys(
  seed: Uint8Array,
  accountIndex: number,
): { readonly keys: ReadonlySet<string>; readonly addresses: ReadonlySet<SuiAddress> } {
  const accounts = Array.from({ length: accountIndex + ACCOUNT_GAP + 1 }, (_, index) =>
    deriveAccount(seed, index),
  );
  return {
    keys: new Set(accounts.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))),
    addresses: new Set(accounts.map(({ address }) => address)),
  };
}
