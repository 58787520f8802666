/**
 * @file What a node does about a blob that was encoded wrongly: it shows the others the proof, and
 * once nodes with more than a third of the shards have signed, tells the chain.
 */
import { aggregate } from '#engine/codec/bls.ts';
import { blobIdToBytes, type BlobId } from '#engine/model/ids.ts';
import type { Committee, SliverAxis, StorageNode } from '#engine/model/walrus.ts';
import { verifySignature } from './keys.ts';
import type { NodeSigner } from './node-context.ts';
import type { PeerClient } from './peer-client.ts';
import { invalidBlobMessage } from './wire.ts';

/** Signatures of enough nodes that at least one of them is honest. */
export interface InvalidBlobCertificate {
  readonly blobId: BlobId;
  readonly message: Uint8Array;
  /** Bit i set: committee member i signed; least significant bit first. */
  readonly signersBitmap: Uint8Array;
  readonly signature: Uint8Array;
}

export interface AttestationContext {
  readonly self: StorageNode;
  readonly committee: Committee;
  readonly signer: NodeSigner;
  readonly peers: PeerClient;
}

/** Undefined while too few nodes are convinced, or answer. */
export async function collectAttestations(
  context: AttestationContext,
  blobId: BlobId,
  finding: { readonly axis: SliverAxis; readonly proof: Uint8Array },
  signal: AbortSignal,
): Promise<InvalidBlobCertificate | undefined> {
  const { self, committee } = context;
  const message = invalidBlobMessage(committee.epoch, blobIdToBytes(blobId));
  const signed = [{ member: self, signature: await context.signer.sign(message) }];
  for (const member of committee.members) {
    if (isOneHonest(signed, committee.shardCount)) break;
    if (member.nodeId === self.nodeId) continue;
    const signature = await askForAttestation(context, member, blobId, finding, signal);
    if (signature && (await verifySignature(message, signature, member.publicKey))) {
      signed.push({ member, signature });
    }
  }
  if (!isOneHonest(signed, committee.shardCount)) return undefined;
  return {
    blobId,
    message,
    signersBitmap: bitmapOf(
      signed.map(({ member }) => member.memberIndex),
      committee.members.length,
    ),
    signature: aggregate(signed.map(({ signature }) => signature)),
  };
}

/** The chain's rule: three times their shards is more than all shards. */
function isOneHonest(
  signed: readonly { readonly member: StorageNode }[],
  shardCount: number,
): boolean {
  const weight = signed.reduce((sum, { member }) => sum + member.shards.length, 0);
  return 3 * weight >= shardCount + 1;
}

async function askForAttestation(
  { peers }: AttestationContext,
  member: StorageNode,
  blobId: BlobId,
  { axis, proof }: { readonly axis: SliverAxis; readonly proof: Uint8Array },
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const answer = await peers.fetch(
    member,
    { method: 'POST', path: `/v1/blobs/${blobId}/inconsistencyProof/${axis}`, body: proof },
    signal,
  );
  if (!answer) return undefined;
  try {
    const json = JSON.parse(Buffer.from(answer).toString()) as {
      readonly success: { readonly data: { readonly signature: string } };
    };
    return Buffer.from(json.success.data.signature, 'base64');
  } catch {
    // A node that answers nonsense is one that has not signed.
    return undefined;
  }
}

function bitmapOf(memberIndices: readonly number[], memberCount: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(memberCount / 8));
  for (const index of memberIndices) {
    bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bitmap;
}
