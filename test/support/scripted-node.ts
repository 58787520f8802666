/**
 * @file A storage node on a real socket whose every answer can be scripted.
 *
 * By itself it is an honest node (walrus-protocol B) that keeps what it is given in memory and
 * checks nothing but presence. A test turns it dishonest or unwell with `fault`: a function that
 * sees each request and may give another answer, silence, or a reset. For what a whole network
 * does there is the local network; this is for what a single node should never do.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { readMetadata, recoverySymbols } from '#engine/codec/rs2.ts';
import { blobIdToBytes, type BlobId, type ShardIndex } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';

/** A request as a fault sees it. */
export interface ScriptedRequest {
  readonly method: string;
  readonly route:
    | 'metadata'
    | 'metadata-status'
    | 'sliver'
    | 'sliver-status'
    | 'confirmation'
    | 'recovery-symbols'
    | 'blob-status'
    | 'health'
    | 'unknown';
  readonly blobId: BlobId;
  readonly pair: number;
  readonly axis: SliverAxis;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** How many requests of this method and route came before. */
  readonly earlier: number;
}

/** What a fault does instead of the honest answer. */
export type Fault =
  /** Accept, never answer. */
  | 'hang'
  /** Close the connection in the middle. */
  | 'reset'
  | {
      readonly status: number;
      /** Text or bytes; an object becomes JSON. */
      readonly body: string | Uint8Array | object;
      readonly contentType?: string;
    };

interface StoredBlob {
  metadata?: Uint8Array;
  readonly slivers: Map<string, Uint8Array>;
}

export interface ScriptedNodeOptions {
  readonly shards: readonly ShardIndex[];
  readonly shardCount: number;
  readonly pairOfShard: (shard: ShardIndex, blobId: BlobId) => number;
  /** The node's BLS signature of a message. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ScriptedNode {
  readonly address: string;
  readonly blobs: Map<BlobId, StoredBlob>;
  readonly requests: ScriptedRequest[];
  /** The epoch in its confirmations. */
  epoch: number;
  /** Answers 400 NOT_REGISTERED while false. */
  isRegistered: boolean;
  fault: ((request: ScriptedRequest) => Fault | undefined | Promise<Fault | undefined>) | undefined;
  store(blob: BlobId): StoredBlob;
  /** Most requests at work at the same time so far. */
  readonly concurrencyMax: number;
  close(): Promise<void>;
}

const errorBody = (status: number, reason: string): Fault => ({
  status,
  body: {
    error: {
      status: 'FAILED_PRECONDITION',
      code: status,
      message: `scripted: ${reason}`,
      details: [{ '@type': 'ErrorInfo', reason, domain: 'storage.walrus.space', metadata: {} }],
    },
  },
});

/** A refusal in the JSON envelope of the protocol. */
export const refusal = errorBody;

/** A success in the JSON envelope. */
export const success = (data: unknown, status = 200): Fault => ({
  status,
  body: { success: { code: status, data } },
});

const sliverKey = (pair: number, axis: string): string => `${String(pair)}-${axis}`;

const ROUTES: readonly (readonly [ScriptedRequest['route'], RegExp])[] = [
  ['metadata', /^\/v1\/blobs\/(?<id>[^/]+)\/metadata$/],
  ['metadata-status', /^\/v1\/blobs\/(?<id>[^/]+)\/metadata\/status$/],
  ['sliver', /^\/v1\/blobs\/(?<id>[^/]+)\/slivers\/(?<pair>\d+)\/(?<axis>\w+)$/],
  ['sliver-status', /^\/v1\/blobs\/(?<id>[^/]+)\/slivers\/(?<pair>\d+)\/(?<axis>\w+)\/status$/],
  ['confirmation', /^\/v1\/blobs\/(?<id>[^/]+)\/confirmation\/(?<kind>.+)$/],
  ['recovery-symbols', /^\/v1\/blobs\/(?<id>[^/]+)\/recoverySymbols$/],
  ['blob-status', /^\/v1\/blobs\/(?<id>[^/]+)\/status$/],
  ['health', /^\/v1\/health$/],
];

/** Start a node on a free port of the loopback interface. */
export async function startScriptedNode(options: ScriptedNodeOptions): Promise<ScriptedNode> {
  const blobs: ScriptedNode['blobs'] = new Map();
  const requests: ScriptedRequest[] = [];
  let concurrency = 0;
  let concurrencyMax = 0;
  const store = (blobId: BlobId): StoredBlob => {
    const known = blobs.get(blobId) ?? { slivers: new Map() };
    blobs.set(blobId, known);
    return known;
  };
  const listener: RequestListener = (message, response) => {
    concurrency += 1;
    concurrencyMax = Math.max(concurrencyMax, concurrency);
    response.on('close', () => (concurrency -= 1));
    const answer = async (): Promise<void> => {
      const request = await readRequest(message, requests);
      requests.push(request);
      const fault = (await node.fault?.(request)) ?? (await honestAnswer(node, options, request));
      if (fault === 'hang') return;
      if (fault === 'reset') {
        message.socket.destroy();
        return;
      }
      const { body } = fault;
      const isBytes = typeof body === 'string' || body instanceof Uint8Array;
      const bytes = isBytes ? body : JSON.stringify(body);
      const type = isBytes ? 'application/octet-stream' : 'application/json';
      response.writeHead(fault.status, {
        'content-type': fault.contentType ?? type,
        'content-length': Buffer.byteLength(bytes),
      });
      response.end(bytes);
    };
    // A client that goes away in the middle is part of the game.
    answer().catch(() => message.socket.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const sockets = trackSockets(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node: ScriptedNode = {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    blobs,
    requests,
    epoch: 1,
    isRegistered: true,
    fault: undefined,
    store,
    get concurrencyMax() {
      return concurrencyMax;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return node;
}

function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  return sockets;
}

async function readRequest(
  message: IncomingMessage,
  before: readonly ScriptedRequest[],
): Promise<ScriptedRequest> {
  const url = new URL(message.url ?? '/', 'http://node');
  const method = message.method ?? 'GET';
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  for (const [route, pattern] of ROUTES) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    const groups = match.groups ?? {};
    return {
      method,
      route,
      blobId: (groups['id'] ?? '') as BlobId,
      pair: Number(groups['pair'] ?? -1),
      axis: groups['axis'] === 'secondary' ? 'secondary' : 'primary',
      query: new URLSearchParams([...url.searchParams, ['kind', groups['kind'] ?? '']]),
      body: Buffer.concat(chunks),
      earlier: before.filter((each) => each.method === method && each.route === route).length,
    };
  }
  return {
    method,
    route: 'unknown',
    blobId: '' as BlobId,
    pair: -1,
    axis: 'primary',
    query: url.searchParams,
    body: Buffer.concat(chunks),
    earlier: 0,
  };
}

async function honestAnswer(
  node: ScriptedNode,
  options: ScriptedNodeOptions,
  request: ScriptedRequest,
): Promise<Fault> {
  if (request.route === 'health') return success({ epoch: node.epoch, nodeStatus: 'Active' });
  if (request.route === 'unknown') return { status: 404, body: '' };
  const blob = node.store(request.blobId);
  if (request.route === 'blob-status') return success(node.isRegistered ? STATUS : 'nonexistent');
  if (request.route === 'metadata-status') return success(blob.metadata ? 'stored' : 'nonexistent');
  if (request.route === 'sliver-status') {
    const isStored = blob.slivers.has(sliverKey(request.pair, request.axis));
    return success(isStored ? 'stored' : 'nonexistent');
  }
  if (request.method === 'PUT') return storeAnswer(node, blob, request);
  if (request.route === 'metadata') {
    if (!blob.metadata) return errorBody(404, 'METADATA_NOT_FOUND');
    return {
      status: 200,
      body: Buffer.concat([blobIdToBytes(request.blobId), blob.metadata]),
    };
  }
  if (request.route === 'sliver') {
    const sliver = blob.slivers.get(sliverKey(request.pair, request.axis));
    return sliver ? { status: 200, body: sliver } : errorBody(404, 'SLIVER_NOT_FOUND');
  }
  if (request.route === 'recovery-symbols') {
    return { status: 200, body: await symbolsAnswer(blob, options.shardCount, request.query) };
  }
  if (request.route === 'confirmation') return confirmationAnswer(node, options, blob, request);
  return { status: 404, body: '' };
}

const STATUS = {
  permanent: {
    endEpoch: 9,
    isCertified: true,
    statusEvent: { txDigest: '8qgN3LhrvumQotVwSS4Wn4HhGFCgP3Yytc5sz2nz7w7a', eventSeq: '0' },
    deletableCounts: { count_deletable_total: 0, count_deletable_certified: 0 },
    initialCertifiedEpoch: 1,
  },
};

function storeAnswer(node: ScriptedNode, blob: StoredBlob, request: ScriptedRequest): Fault {
  if (!node.isRegistered) return errorBody(400, 'NOT_REGISTERED');
  if (request.route === 'metadata') {
    const isNew = blob.metadata === undefined;
    blob.metadata ??= request.body;
    return success(isNew ? 'metadata successfully stored' : 'already stored', isNew ? 201 : 200);
  }
  if (!blob.metadata) return errorBody(400, 'METADATA_NOT_FOUND');
  blob.slivers.set(sliverKey(request.pair, request.axis), request.body);
  return success('sliver stored successfully', 201);
}

/** The symbols asked for by ID, each from whichever of its two slivers is here. */
async function symbolsAnswer(
  blob: StoredBlob,
  shardCount: number,
  query: URLSearchParams,
): Promise<Uint8Array> {
  const symbols: Uint8Array[] = [];
  for (const id of blob.metadata === undefined ? [] : query.getAll('id')) {
    const metadata = readMetadata(blob.metadata ?? Buffer.of(), shardCount);
    const [row = 0, column = 0] = id.split('-').map(Number);
    const primary = blob.slivers.get(sliverKey(row, 'primary'));
    const secondary = blob.slivers.get(sliverKey(shardCount - 1 - column, 'secondary'));
    if (primary) {
      const source = { metadata, axis: 'primary', sliver: primary, targets: [column] } as const;
      symbols.push(...(await recoverySymbols(source)));
    } else if (secondary) {
      const source = { metadata, axis: 'secondary', sliver: secondary, targets: [row] } as const;
      symbols.push(...(await recoverySymbols(source)));
    }
  }
  return Buffer.concat([Buffer.of(symbols.length), ...symbols]);
}

async function confirmationAnswer(
  node: ScriptedNode,
  { shards, pairOfShard, sign }: ScriptedNodeOptions,
  blob: StoredBlob,
  { blobId, query }: ScriptedRequest,
): Promise<Fault> {
  if (!node.isRegistered) return errorBody(400, 'NOT_REGISTERED');
  const pairs = shards.map((shard) => pairOfShard(shard, blobId));
  const isComplete = pairs.every((pair) =>
    ['primary', 'secondary'].every((axis) => blob.slivers.has(sliverKey(pair, axis))),
  );
  if (!isComplete) return errorBody(400, 'MISSING_SLIVERS');
  return signedAnswer(node.epoch, blobId, query.get('kind') ?? '', sign);
}

/** A confirmation as a node answers it, for faults that change something in it. */
export async function signedAnswer(
  epoch: number,
  blobId: BlobId,
  kind: string,
  sign: ScriptedNodeOptions['sign'],
): Promise<Fault> {
  const epochBytes = Buffer.alloc(4);
  epochBytes.writeUInt32LE(epoch);
  const objectId = /^deletable\/0x([0-9a-f]{64})$/.exec(kind)?.[1];
  const tail = objectId === undefined ? Buffer.of(0) : Buffer.from(`01${objectId}`, 'hex');
  const message = Buffer.concat([Buffer.of(1, 0, 3), epochBytes, blobIdToBytes(blobId), tail]);
  const signature = Buffer.from(await sign(message)).toString('base64');
  return success({ signed: { serializedMessage: message.toString('base64'), signature } });
}
