/**
 * @file An upload relay on a socket of its own: takes a whole blob, encodes it, stores it on the
 * storage nodes, and answers their certificate. It has no wallet and pays for nothing.
 */
import { encodeBlob } from '#engine/codec/rs2.ts';
import { blobIdToBytes } from '#engine/model/ids.ts';
import { blobBytesMax } from '#engine/model/walrus.ts';
import type { ChainView } from '../chain/chain.ts';
import { refuse, type Answer } from '../nodes/answers.ts';
import { NodeServer, type NodeRequest } from '../nodes/node-server.ts';
import { PeerClient } from '../nodes/peer-client.ts';
import { checkTip, type TipTerms } from './authorisation.ts';
import { storeAtNodes, type RelayCertificate } from './fan-out.ts';
import { parseRelayRequest, type RelayRequest } from './request.ts';
import { tipConfig, tipMist, type Tip } from './tip.ts';

/** The largest blob that a relay takes. */
const BODY_BYTES_MAX = 1024 * 1024 * 1024;

export interface UploadRelayOptions {
  readonly host: string;
  readonly port: number;
  readonly tip: Tip;
  /** Where tips go. */
  readonly tipAddress: string;
  readonly view: ChainView;
  readonly nowMs: () => number;
  readonly findTransaction: TipTerms['findTransaction'];
  /** Whether the storage nodes speak TLS. */
  readonly isTls: boolean;
  readonly log: (message: string) => void;
  /** For tests of the limit. */
  readonly bodyBytesMax?: number | undefined;
}

export class UploadRelay {
  readonly #options: UploadRelayOptions;
  readonly #server: NodeServer;
  readonly #peers: PeerClient;
  readonly #closing = new AbortController();

  constructor(options: UploadRelayOptions) {
    this.#options = options;
    this.#peers = new PeerClient({ isTls: options.isTls });
    this.#server = new NodeServer({
      host: options.host,
      port: options.port,
      tls: undefined,
      respond: (request) => this.#respond(request),
      onFailure: (error) => options.log(`the upload relay failed: ${String(error)}`),
    });
  }

  get url(): string {
    return `http://${this.#options.host}:${String(this.#server.port)}`;
  }

  get tipAddress(): string {
    return this.#options.tipAddress;
  }

  /** Serve, or serve again. Throws `port-taken`. */
  async start(): Promise<void> {
    this.#server.isHanging = false;
    await this.#server.listen();
  }

  /** Reset all connections and listen no more. */
  kill(): Promise<void> {
    return this.#server.close('reset');
  }

  /** Take requests and never answer, until `start`. */
  hang(): void {
    this.#server.isHanging = true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server.close('close');
    this.#peers.close();
  }

  async #respond(request: NodeRequest): Promise<Answer> {
    switch (`${request.method} ${request.path}`) {
      case 'GET /v1/tip-config':
        return json(tipConfig(this.#options.tip, this.#options.tipAddress));
      case 'POST /v1/blob-upload-relay':
        return json(await this.#relay(request));
      default:
        throw refuse.text(404, '');
    }
  }

  async #relay(request: NodeRequest): Promise<object> {
    const { view, tip, tipAddress, findTransaction, nowMs, bodyBytesMax } = this.#options;
    const asked = parseRelayRequest(request.query);
    const body = await request.body(bodyBytesMax ?? BODY_BYTES_MAX, () =>
      refuse.text(413, 'Failed to buffer the request body: length limit exceeded'),
    );
    const { shardCount } = view;
    if (tip.kind !== 'none') {
      const mist = tipMist(tip, body.length, shardCount);
      checkTip(asked, body, { address: tipAddress, mist, nowMs: nowMs(), findTransaction });
    }
    if (body.length > blobBytesMax(shardCount)) {
      throw refuse.text(400, 'the data is too large to be encoded');
    }
    const certificate = await this.#store(asked, body);
    if (!certificate) throw refuse.text(500, 'internal client error');
    return {
      blob_id: [...blobIdToBytes(asked.blobId)],
      confirmation_certificate: {
        signers: certificate.signers,
        serialized_message: [...certificate.message],
        signature: Buffer.from(certificate.signature).toString('base64'),
      },
    };
  }

  async #store(
    { blobId, deletableBlobObject }: RelayRequest,
    body: Uint8Array,
  ): Promise<RelayCertificate | undefined> {
    const { view } = this.#options;
    const blob = await encodeBlob(body, view.shardCount, { signal: this.#closing.signal });
    try {
      if (blob.blobId !== blobId) {
        const text = 'the provided blob ID and the blob ID resulting from the blob encoding';
        throw refuse.text(400, `${text} do not match`);
      }
      return await storeAtNodes({
        blob,
        committee: view.committee,
        objectId: deletableBlobObject,
        peers: this.#peers,
        signal: this.#closing.signal,
      });
    } finally {
      blob.release();
    }
  }
}

const json = (value: unknown): Answer => ({
  status: 200,
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
});
