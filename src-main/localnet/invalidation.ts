/**
 * @file Brings the storage nodes' verdict on a wrongly encoded blob to the chain, as a transaction
 * like any other.
 */
import { createHash } from 'node:crypto';
import { bcs } from '@mysten/sui/bcs';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { parseSuiAddress, type BlobId } from '#engine/model/ids.ts';
import type { Chain } from './chain/chain.ts';
import type { InvalidBlobCertificate } from './nodes/attestations.ts';
import type { LocalnetTransport } from './settings.ts';

/** Far more than one transaction costs. */
const GAS_MIST = 1_000_000_000n;

export class InvalidBlobReporter {
  readonly #chain: Chain;
  readonly #rpc: { readonly transport: LocalnetTransport; readonly url: string };
  readonly #keypair: Ed25519Keypair;
  /** Every node of the process finds the same; one report is enough. */
  readonly #reported = new Set<BlobId>();

  constructor(options: {
    readonly chain: Chain;
    readonly rpc: { readonly transport: LocalnetTransport; readonly url: string };
    readonly seed: string;
  }) {
    this.#chain = options.chain;
    this.#rpc = options.rpc;
    const secret = createHash('sha256').update(`storage nodes of ${options.seed}`).digest();
    this.#keypair = Ed25519Keypair.fromSecretKey(secret);
  }

  async report(certificate: InvalidBlobCertificate): Promise<void> {
    if (this.#reported.has(certificate.blobId)) return;
    this.#reported.add(certificate.blobId);
    try {
      await this.#execute(certificate);
    } catch (error) {
      this.#reported.delete(certificate.blobId);
      throw error;
    }
  }

  async #execute({ message, signersBitmap, signature }: InvalidBlobCertificate): Promise<void> {
    const { core } = this.#client();
    const sender = this.#keypair.toSuiAddress();
    await this.#chain.fund(parseSuiAddress(sender), { mist: GAS_MIST });
    const { systemObjectId } = this.#chain.networkIds;
    const { object } = await core.getObject({ objectId: systemObjectId });
    const [packageId = ''] = object.type.split('::');
    const transaction = new Transaction();
    transaction.setSender(sender);
    const bytes = (value: Uint8Array) =>
      transaction.pure(bcs.vector(bcs.u8()).serialize(Array.from(value)));
    transaction.moveCall({
      target: `${packageId}::system::invalidate_blob_id`,
      arguments: [
        transaction.object(systemObjectId),
        bytes(signature),
        bytes(signersBitmap),
        bytes(message),
      ],
    });
    const result = await core.signAndExecuteTransaction({
      transaction,
      signer: this.#keypair,
    });
    const outcome = result.Transaction ?? result.FailedTransaction;
    if (!outcome.status.success) {
      throw new Error(`the chain refused the verdict: ${JSON.stringify(outcome.status.error)}`);
    }
  }

  #client(): SuiGrpcClient | SuiJsonRpcClient {
    const { transport, url } = this.#rpc;
    return transport === 'grpc-web'
      ? new SuiGrpcClient({ network: 'localnet', baseUrl: url })
      : new SuiJsonRpcClient({ network: 'localnet', url });
  }
}
