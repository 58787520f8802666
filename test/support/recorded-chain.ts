/**
 * @file A JSON-RPC full node on a real socket that answers from the recorded deployment
 * (test/vectors/real-network), with a script for whatever a test wants to be different.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TransactionDataBuilder } from '@mysten/sui/transactions';
import { parseNetwork, type Network } from '#engine/model/network.ts';

export interface RecordedObject {
  readonly name: string;
  readonly objectId: string;
  readonly type: string;
  readonly version: string;
  readonly digest: string;
  readonly owner: unknown;
  readonly previousTransaction: string;
  readonly bcsBase64: string;
}

export interface RecordedTransaction {
  readonly name: string;
  readonly txBytes: string;
  readonly digest: string;
  readonly sender: string;
  readonly signatures: readonly string[];
  readonly effects: Readonly<Record<string, unknown>>;
  readonly rawEffectsBcs: string;
  readonly objectChanges: readonly unknown[];
  readonly balanceChanges: readonly unknown[];
}

interface RecordedObjects {
  readonly objects: readonly RecordedObject[];
  readonly rpcSamples: readonly { readonly name: string; readonly result: unknown }[];
  readonly context: {
    readonly packages: {
      readonly walrus: string;
      readonly walExchange: string;
      readonly wal: string;
    };
    readonly nodes: readonly {
      readonly nodeId: string;
      readonly name: string;
      readonly networkAddress: string;
      readonly shards: readonly number[];
      readonly networkPublicKeyHex: string;
      readonly protocolPublicKeyUncompressedHex: string;
    }[];
    readonly blobs: Readonly<
      Record<
        string,
        { readonly blobId: string; readonly rootHashHex: string; readonly len: number }
      >
    >;
    readonly grpcProbe: readonly { readonly bodyBase64: string }[];
    readonly faucetAnswer: { readonly status: number; readonly body: unknown };
  };
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/real-network/${name}`, import.meta.url), 'utf8'));

export const recordedObjects = read('real-objects.json') as RecordedObjects;
export const recordedTransactions = read(
  'real-transactions.json',
) as readonly RecordedTransaction[];

/** The account that made most of the recording. */
export const RECORDED_OWNER = '0xa2f9af710de790173e7d8add7336845d040ac73ad745c1f20b82c4aad3a1233f';
export const recordedPackages = recordedObjects.context.packages;

export function recordedObject(namePrefix: string): RecordedObject {
  const found = recordedObjects.objects.find(({ name }) => name.startsWith(namePrefix));
  if (!found) throw new Error(`no recorded object ${namePrefix}`);
  return found;
}

export function recordedTransaction(name: string): RecordedTransaction {
  const found = recordedTransactions.find((transaction) => transaction.name === name);
  if (!found) throw new Error(`no recorded transaction ${name}`);
  return found;
}

export const recordedSample = (name: string): unknown =>
  recordedObjects.rpcSamples.find((sample) => sample.name === name)?.result;

/** What a scripted method does instead of the recorded answer. */
export type ScriptedAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  /** An HTTP status with text. */
  | { readonly status: number }
  /** The socket is closed without an answer. */
  | 'reset'
  /** Nothing is answered, the socket stays open. */
  | 'hang'
  /** The recorded answer. */
  | 'recorded';

export interface RecordedChain {
  readonly url: string;
  readonly requests: readonly { readonly method: string; readonly params: readonly unknown[] }[];
  /** Script a method; `call` counts its calls from 0. */
  on(method: string, script: (params: readonly unknown[], call: number) => ScriptedAnswer): void;
  /** Objects by ID as they are now; change freely. */
  readonly objects: Map<string, RecordedObject>;
  /** Coins by type. */
  readonly coins: Map<
    string,
    { coinObjectId: string; version: string; digest: string; balance: string }[]
  >;
  count(method: string): number;
  close(): Promise<void>;
}

export const SUI_COIN = '0x2::sui::SUI';
const DIGEST = '4tuuvGk75tT7xYeEhHR6W2orpBmvKrCyEr5t9rb6Xkg9';

/** A gas coin that no recording needs: the digest is only carried along. */
export const gasCoin = (balance: bigint, byte = 'aa', version = '900') => ({
  coinObjectId: `0x${byte.repeat(32)}`,
  version,
  digest: DIGEST,
  balance: String(balance),
});

export async function startRecordedChain(): Promise<RecordedChain> {
  const requests: { method: string; params: readonly unknown[] }[] = [];
  const scripts = new Map<string, (params: readonly unknown[], call: number) => ScriptedAnswer>();
  const objects = new Map(
    recordedObjects.objects
      .filter(({ bcsBase64 }) => bcsBase64 !== undefined)
      .map((object) => [object.objectId, object]),
  );
  const wal = recordedObject('Coin<WAL>');
  const coins: RecordedChain['coins'] = new Map([
    [SUI_COIN, [gasCoin(5_000_000_000n)]],
    [
      recordedPackages.wal,
      [
        {
          coinObjectId: wal.objectId,
          version: wal.version,
          digest: wal.digest,
          balance: '1999998635',
        },
      ],
    ],
  ]);
  const state = { objects, coins };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(parts).toString()) as {
        id: number;
        method: string;
        params: unknown[];
      };
      const call = requests.filter((one) => one.method === method).length;
      requests.push({ method, params });
      const scripted = scripts.get(method)?.(params, call) ?? 'recorded';
      const answer = scripted === 'recorded' ? recordedAnswer(state, method, params) : scripted;
      send(response, id, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    objects,
    coins,
    on: (method, script) => void scripts.set(method, script),
    count: (method) => requests.filter((one) => one.method === method).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, id: number, answer: ScriptedAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'reset' || answer === 'recorded') {
    response.destroy();
    return;
  }
  if ('status' in answer) {
    response.writeHead(answer.status).end('not what you asked for');
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
}

function recordedAnswer(
  state: Pick<RecordedChain, 'objects' | 'coins'>,
  method: string,
  params: readonly unknown[],
): ScriptedAnswer {
  switch (method) {
    case 'sui_multiGetObjects':
      return {
        result: (params[0] as string[]).map((objectId) => objectAnswer(state.objects, objectId)),
      };
    case 'suix_getCoins': {
      const data = state.coins.get(params[1] as string) ?? [];
      const coinType = params[1];
      return {
        result: {
          data: data.map((coin) => ({ coinType, ...coin })),
          nextCursor: null,
          hasNextPage: false,
        },
      };
    }
    case 'suix_getBalance': {
      const data = state.coins.get(params[1] as string) ?? [];
      const total = data.reduce((sum, { balance }) => sum + BigInt(balance), 0n);
      return {
        result: { coinType: params[1], coinObjectCount: data.length, totalBalance: String(total) },
      };
    }
    case 'suix_getOwnedObjects': {
      const type = (params[1] as { filter: { StructType: string } }).filter.StructType;
      const data = [...state.objects.values()]
        .filter((object) => object.type === type && isOwnedBy(object.owner, params[0] as string))
        .map(({ objectId }) => objectAnswer(state.objects, objectId));
      return { result: { data, nextCursor: null, hasNextPage: false } };
    }
    case 'sui_getChainIdentifier':
      return { result: recordedSample('chain id') };
    case 'suix_getReferenceGasPrice':
      return { result: recordedSample('reference gas price') };
    case 'suix_getLatestSuiSystemState':
      return { result: { epoch: '10', referenceGasPrice: '1000' } };
    case 'sui_getLatestCheckpointSequenceNumber':
      return { result: '5243' };
    case 'sui_getNormalizedMoveFunction':
      return { result: recordedSample(`signature ${String(params[1])}::${String(params[2])}`) };
    case 'sui_dryRunTransactionBlock':
      return { result: dryRunAnswer() };
    case 'sui_executeTransactionBlock':
      return { result: executionAnswer(Buffer.from(params[0] as string, 'base64')) };
    case 'sui_getTransactionBlock':
      return transactionAnswer(params[0] as string);
    default:
      return { error: { code: -32601, message: `Method not found: ${method}` } };
  }
}

function isOwnedBy(owner: unknown, address: string): boolean {
  return (owner as { AddressOwner?: string }).AddressOwner === address;
}

function objectAnswer(objects: RecordedChain['objects'], objectId: string): unknown {
  const object = objects.get(objectId);
  if (!object) return { error: { code: 'notExists', object_id: objectId } };
  const { type, version, digest, owner, previousTransaction, bcsBase64 } = object;
  const bcs = {
    dataType: 'moveObject',
    type,
    hasPublicTransfer: true,
    version: 1,
    bcsBytes: bcsBase64,
  };
  return { data: { objectId, type, version, digest, owner, previousTransaction, bcs } };
}

const register = () =>
  recordedTransaction(
    'reserve_space+register_blob permanent, 3 epochs (SDK registerBlobTransaction)',
  );

/** What every transaction does here: what the recorded registration did. */
function dryRunAnswer(): unknown {
  const { effects, objectChanges, balanceChanges } = register();
  const [gas] = effects['mutated'] as unknown[];
  return { effects: { ...effects, gasObject: gas }, objectChanges, balanceChanges, events: [] };
}

export function executionAnswer(bytes: Uint8Array, of: RecordedTransaction = register()): unknown {
  return {
    ...recordedBlock(of),
    digest: TransactionDataBuilder.getDigestFromBytes(new Uint8Array(bytes)),
  };
}

/** A recorded transaction as `sui_getTransactionBlock` answers it. */
export function recordedBlock(of: RecordedTransaction): Record<string, unknown> {
  return {
    digest: of.digest,
    effects: of.effects,
    rawEffects: [...Buffer.from(of.rawEffectsBcs, 'base64')],
    objectChanges: of.objectChanges,
    balanceChanges: of.balanceChanges,
    checkpoint: '1000',
    timestampMs: '1795171000000',
  };
}

export const notFoundAnswer = (digest: string): ScriptedAnswer => ({
  error: {
    code: -32602,
    message: `Could not find the referenced transaction [TransactionDigest(${digest})].`,
  },
});

function transactionAnswer(digest: string): ScriptedAnswer {
  const found = recordedTransactions.find((one) => one.digest === digest);
  return found ? { result: recordedBlock(found) } : notFoundAnswer(digest);
}

/** A network file of the recorded deployment on these endpoints. */
export function recordedNetwork(...urls: readonly string[]): Network {
  return parseNetwork({
    name: 'recorded',
    rpc: urls.map((url) => ({ transport: 'json-rpc', url })),
    walrus: {
      systemObjectId: recordedObject('System').objectId,
      stakingObjectId: recordedObject('Staking').objectId,
      exchangeObjectIds: [recordedObject('Exchange').objectId],
    },
    transactions: { expiration: 'none' },
    nodes: { scheme: 'https', trust: 'pinned' },
  });
}

export const silentLogger = { info: () => undefined, warn: () => undefined };
