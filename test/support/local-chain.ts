/**
 * @file A chain of four nodes and 13 shards in a temporary folder, its clock in the test's hand,
 * with its RPC on a real socket and an account that has SUI and WAL.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { aggregate, generateKeyPair, sign, type BlsKeyPair } from '#engine/codec/bls.ts';
import {
  blobIdFromBytes,
  blobIdToBytes,
  parseSuiAddress,
  type BlobId,
  type SuiAddress,
} from '#engine/model/ids.ts';
import { openChain, type Chain, type ChainGenesis } from '#localnet/chain/chain.ts';
import { deriveBlobId } from '#localnet/chain/contracts/encoding.ts';
import { u256ToBytes } from '#localnet/chain/move/layouts.ts';
import {
  createRpcFaults,
  serveRpc,
  type RpcFaults,
  type RpcServer,
} from '#localnet/chain/rpc/serve.ts';
import type { StoredTransaction } from '#localnet/chain/store/transaction-table.ts';

const SHARDS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
  [10, 11, 12],
];
export const EPOCH_MS = 86_400_000;
export const STORAGE_PRICE = 5n;
export const WRITE_PRICE = 1n;
const START_MS = 1_800_000_000_000;
const ACCOUNT_MIST = 100_000_000_000n;
const ACCOUNT_FROST = 1_000_000n;

/** Keys of the nodes in the order of the genesis, which is not the committee's. */
export const nodeKeys: readonly BlsKeyPair[] = SHARDS.map((_, index) =>
  generateKeyPair(new Uint8Array(32).fill(index + 1)),
);

export const smallGenesis: ChainGenesis = {
  shardCount: 13,
  epochDurationMs: EPOCH_MS,
  epochsAheadMax: 53,
  storagePriceFrostPerMib: STORAGE_PRICE,
  writePriceFrostPerMib: WRITE_PRICE,
  totalCapacityBytes: 100_000_000n,
  nodes: nodeKeys.map((keys, index) => ({
    name: `node-${String(index)}`,
    networkAddress: `127.0.0.1:${String(9_185 + index)}`,
    publicKey: keys.publicKey.uncompressed,
    networkPublicKey: Uint8Array.of(2, ...new Uint8Array(32).fill(index)),
    shards: SHARDS[index] ?? [],
  })),
};

export interface LocalChain {
  readonly dir: string;
  readonly client: SuiGrpcClient;
  readonly signer: Ed25519Keypair;
  readonly owner: SuiAddress;
  readonly faults: RpcFaults;
  chain: Chain;
  rpc: RpcServer;
  nowMs: number;
  /** Full type of WAL. */
  readonly walType: string;
  readonly walrusPackage: string;
  /** Close and open again, `pauseMs` later. The RPC is not served again. */
  restart(pauseMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function openLocalChain(genesis: ChainGenesis = smallGenesis): Promise<LocalChain> {
  const dir = mkdtempSync(join(tmpdir(), 'floe-local-chain-'));
  const clock = { ms: START_MS };
  const open = (): Promise<Chain> => openChain({ dir, genesis, clock: { nowMs: () => clock.ms } });
  const chain = await open();
  const faults = createRpcFaults();
  const rpc = await serveRpc({ chain, port: 0, transports: ['grpc-web', 'json-rpc'], faults });
  const signer = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(9));
  const owner = parseSuiAddress(signer.toSuiAddress());
  await chain.fund(owner, { mist: ACCOUNT_MIST, frost: ACCOUNT_FROST });
  const { framework } = chain.ledger;
  const local: LocalChain = {
    dir,
    client: new SuiGrpcClient({ network: 'localnet', baseUrl: rpc.url }),
    signer,
    owner,
    faults,
    chain,
    rpc,
    walType: `${framework.addressOf('wal')}::wal::WAL`,
    walrusPackage: framework.addressOf('walrus'),
    get nowMs() {
      return clock.ms;
    },
    set nowMs(value) {
      clock.ms = value;
    },
    restart: async (pauseMs) => {
      await local.rpc.close();
      await local.chain.close();
      clock.ms += pauseMs;
      local.chain = await open();
    },
    close: async () => {
      await local.rpc.close();
      await local.chain.close();
      rmSync(dir, { recursive: true });
    },
  };
  return local;
}

/** Build over the RPC, sign and execute. The outcome may be a failure. */
export async function execute(
  local: LocalChain,
  fill: (transaction: Transaction) => void,
): Promise<StoredTransaction> {
  const transaction = new Transaction();
  fill(transaction);
  transaction.setSender(local.owner);
  // A budget given is not estimated, so that failing transactions are executed too.
  transaction.setGasBudget(1_000_000_000);
  const bytes = await transaction.build({ client: local.client }).catch((error: unknown) => {
    throw new Error(`not built: ${String(error)}`);
  });
  const { signature } = await local.signer.signTransaction(bytes);
  return local.chain.ledger.execute(bytes, [signature]);
}

/** As execute, without the build's simulation: objects are given with their versions. */
export async function executeAsIs(
  local: LocalChain,
  fill: (transaction: Transaction) => void,
): Promise<StoredTransaction> {
  const transaction = new Transaction();
  fill(transaction);
  transaction.setSender(local.owner);
  transaction.setGasBudget(1_000_000_000);
  transaction.setGasPrice(1_000);
  transaction.setExpiration({ None: true });
  const gas = local.chain.ledger.objects
    .view()
    .owned({ owner: local.owner, type: `0x${'2'.padStart(64, '0')}::coin::Coin`, limit: 10 })
    .find(({ type }) => type.endsWith('::sui::SUI>'));
  if (gas === undefined) throw new Error('the account has no gas');
  transaction.setGasPayment([
    { objectId: gas.id, version: gas.version.toString(), digest: gas.digest },
  ]);
  const bytes = await transaction.build();
  const { signature } = await local.signer.signTransaction(bytes);
  return local.chain.ledger.execute(bytes, [signature]);
}

export interface RegisterOptions {
  readonly rootByte: number;
  readonly size?: number;
  readonly epochs?: number;
  readonly deletable?: boolean;
}

/** A blob ID as if some content had the root hash made of `rootByte`. */
export function blobIdOf(options: RegisterOptions): BlobId {
  const id = deriveBlobId(rootHash(options.rootByte), 1, BigInt(options.size ?? 1_000));
  return blobIdFromBytes(u256ToBytes(id));
}

const rootHash = (byte: number): bigint =>
  BigInt(`0x${byte.toString(16).padStart(2, '0').repeat(32)}`);

/** Add reserve and register to a transaction; the Blob goes to the owner. */
export function register(
  local: LocalChain,
  transaction: Transaction,
  options: RegisterOptions,
): void {
  const { size = 1_000, epochs = 3, deletable = false } = options;
  const wal = transaction.coin({ type: local.walType, balance: 1_000 });
  const system = transaction.object(local.chain.networkIds.systemObjectId);
  const storage = transaction.moveCall({
    target: `${local.walrusPackage}::system::reserve_space`,
    arguments: [system, transaction.pure.u64(500_000), transaction.pure.u32(epochs), wal],
  });
  const blobId = deriveBlobId(rootHash(options.rootByte), 1, BigInt(size));
  const blob = transaction.moveCall({
    target: `${local.walrusPackage}::system::register_blob`,
    arguments: [
      system,
      storage,
      transaction.pure.u256(blobId),
      transaction.pure.u256(rootHash(options.rootByte)),
      transaction.pure.u64(size),
      transaction.pure.u8(1),
      transaction.pure.bool(deletable),
      wal,
    ],
  });
  transaction.transferObjects([blob, wal], local.owner);
}

/** Register a blob and return the id of its object. */
export async function registerBlob(local: LocalChain, options: RegisterOptions): Promise<string> {
  const { record } = await execute(local, (transaction) => {
    register(local, transaction, options);
  });
  const created = record.changes.find(
    ({ after, idOperation }) =>
      idOperation === 'created' && after?.type.endsWith('::blob::Blob') === true,
  );
  if (created === undefined) throw new Error(record.failure?.description ?? 'no blob was created');
  return created.id;
}

/** A certificate by the committee members with the given indices. */
export function certificate(
  local: LocalChain,
  message: Uint8Array,
  signers: readonly number[],
): { readonly signature: Uint8Array; readonly bitmap: Uint8Array } {
  const { members } = local.chain.view.committee;
  const bitmap = new Uint8Array(Math.ceil(members.length / 8));
  const signatures = signers.map((index) => {
    bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
    const keys = nodeKeys[Number(members[index]?.name.replace('node-', ''))];
    if (keys === undefined) throw new Error(`no member ${String(index)}`);
    return sign(keys.secretKey, message);
  });
  return { signature: aggregate(signatures), bitmap };
}

const header = (intent: number, epoch: number): Uint8Array => {
  const bytes = new Uint8Array(7);
  bytes.set([intent, 0, 3]);
  new DataView(bytes.buffer).setUint32(3, epoch, true);
  return bytes;
};

/** What nodes sign for a stored blob. */
export function blobMessage(epoch: number, blobId: BlobId, deletableObjectId?: string): Uint8Array {
  const kind =
    deletableObjectId === undefined
      ? Uint8Array.of(0)
      : Uint8Array.of(1, ...Buffer.from(deletableObjectId.slice(2), 'hex'));
  return Uint8Array.of(...header(1, epoch), ...blobIdToBytes(blobId), ...kind);
}

/** What nodes sign for a blob ID that is encoded wrongly. */
export const invalidBlobMessage = (epoch: number, blobId: BlobId): Uint8Array =>
  Uint8Array.of(...header(2, epoch), ...blobIdToBytes(blobId));

/** Certify by all members. */
export async function certifyBlob(
  local: LocalChain,
  objectId: string,
  options: RegisterOptions,
): Promise<StoredTransaction> {
  const { epoch } = local.chain.view;
  const deletableId = options.deletable === true ? objectId : undefined;
  const message = blobMessage(epoch, blobIdOf(options), deletableId);
  const { signature, bitmap } = certificate(local, message, [0, 1, 2, 3]);
  return execute(local, (transaction) => {
    transaction.moveCall({
      target: `${local.walrusPackage}::system::certify_blob`,
      arguments: [
        transaction.object(local.chain.networkIds.systemObjectId),
        transaction.object(objectId),
        transaction.pure.vector('u8', signature),
        transaction.pure.vector('u8', bitmap),
        transaction.pure.vector('u8', message),
      ],
    });
  });
}
