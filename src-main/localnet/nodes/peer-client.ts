/**
 * @file How storage nodes, and the upload relay, speak to storage nodes: plain requests to the
 * address on chain, over TLS with the key on chain. No retries; whoever asks decides whom next.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { StorageNode } from '#engine/model/walrus.ts';
import { compressedPoint } from './tls-certificate.ts';

/** A node that is silent this long is taken for dead. */
const REQUEST_MS_MAX = 15_000;
/** The largest answer: a sliver of the largest blob, or a page of a shard. */
const ANSWER_BYTES_MAX = 192 * 1024 * 1024;
const CONNECTIONS_PER_PEER_MAX = 8;

export interface PeerRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export class PeerClient {
  readonly #isTls: boolean;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS_PER_PEER_MAX });
  /** One per node: a connection made for one node's key must not serve another's. */
  readonly #https = new Map<string, HttpsAgent>();

  constructor(options: { readonly isTls: boolean }) {
    this.#isTls = options.isTls;
  }

  /**
   * The body of an answer that says yes; undefined when the node is down, slow, or says anything else.
   */
  async fetch(
    peer: StorageNode,
    wanted: PeerRequest,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    try {
      return await this.#request(peer, wanted, signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  close(): void {
    this.#http.destroy();
    for (const agent of this.#https.values()) agent.destroy();
  }

  #request(
    peer: StorageNode,
    wanted: PeerRequest,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const [host, port] = splitAddress(peer.networkAddress);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
    const options = {
      host,
      port,
      method: wanted.method,
      path: wanted.path,
      headers: {
        ...wanted.headers,
        ...(wanted.body ? { 'content-length': wanted.body.length } : {}),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS_MAX)]),
    };
    const answered = (response: IncomingMessage): void => {
      readAnswer(response).then(resolve, reject);
    };
    const outgoing = this.#isTls
      ? httpsRequest({ ...options, agent: this.#agentFor(peer) }, (response) => {
          if (hasKey(response.socket as TLSSocket, peer.networkPublicKey)) answered(response);
          else response.destroy(new Error('the certificate is not that of the node'));
        })
      : httpRequest({ ...options, agent: this.#http }, answered);
    outgoing.on('error', reject);
    outgoing.end(wanted.body);
    return promise;
  }

  #agentFor(peer: StorageNode): HttpsAgent {
    let agent = this.#https.get(peer.nodeId);
    if (!agent) {
      agent = new HttpsAgent({
        keepAlive: true,
        maxSockets: CONNECTIONS_PER_PEER_MAX,
        // Self-signed: the key is compared with the one on chain instead.
        rejectUnauthorized: false,
      });
      this.#https.set(peer.nodeId, agent);
    }
    return agent;
  }
}

function splitAddress(networkAddress: string): readonly [string, number] {
  const at = networkAddress.lastIndexOf(':');
  return [networkAddress.slice(0, at), Number(networkAddress.slice(at + 1))];
}

function hasKey(socket: TLSSocket, networkPublicKey: Uint8Array): boolean {
  const { raw } = socket.getPeerCertificate();
  if (!(raw as Buffer | undefined)) return false;
  const point = compressedPoint(new X509Certificate(raw).publicKey);
  return Buffer.compare(point, networkPublicKey) === 0;
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('the answer is longer than any may be');
    chunks.push(chunk);
  }
  const status = response.statusCode ?? 0;
  return status >= 200 && status < 300 ? Buffer.concat(chunks, size) : undefined;
}
