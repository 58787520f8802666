/**
 * @file Brings a blob to the storage nodes, over their HTTP API as any client, and gathers their
 * confirmations into a certificate.
 */
import { aggregate } from '#engine/codec/bls.ts';
import type { EncodedBlob } from '#engine/codec/rs2.ts';
import { blobIdToBytes, sliverPairIndex, type ObjectId } from '#engine/model/ids.ts';
import { isQuorum, type Committee, type StorageNode } from '#engine/model/walrus.ts';
import { encodingShape, pairOfShard } from '../nodes/encoding.ts';
import { verifySignature } from '../nodes/keys.ts';
import type { PeerClient } from '../nodes/peer-client.ts';
import { confirmationMessage } from '../nodes/wire.ts';

export interface RelayCertificate {
  /** Positions in the committee. */
  readonly signers: readonly number[];
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface FanOut {
  readonly blob: EncodedBlob;
  readonly committee: Committee;
  /** Undefined for a permanent blob. */
  readonly objectId: ObjectId | undefined;
  readonly peers: PeerClient;
  readonly signal: AbortSignal;
}

interface Confirmed {
  readonly member: StorageNode;
  readonly signature: Uint8Array;
}

/** Undefined when too few nodes have confirmed. Waits for every node that still answers. */
export async function storeAtNodes(fanOut: FanOut): Promise<RelayCertificate | undefined> {
  const { blob, committee, objectId } = fanOut;
  const objectBytes = objectId && Buffer.from(objectId.slice(2), 'hex');
  const message = confirmationMessage(committee.epoch, blobIdToBytes(blob.blobId), objectBytes);
  const members = committee.members.filter(({ shards }) => shards.length > 0);
  const outcomes = await Promise.all(
    members.map(async (member): Promise<Confirmed | undefined> => {
      const signature = await storeAt(member, fanOut, message);
      return signature && { member, signature };
    }),
  );
  const confirmed = outcomes
    .filter((outcome) => outcome !== undefined)
    .sort((left, right) => left.member.memberIndex - right.member.memberIndex);
  const weight = confirmed.reduce((sum, { member }) => sum + member.shards.length, 0);
  if (!isQuorum(weight, committee.shardCount)) return undefined;
  return {
    signers: confirmed.map(({ member }) => member.memberIndex),
    message,
    signature: aggregate(confirmed.map(({ signature }) => signature)),
  };
}

/** The node's signature once it holds all of its slivers; undefined when it fails at anything. */
async function storeAt(
  member: StorageNode,
  { blob, objectId, peers, signal }: FanOut,
  message: Uint8Array,
): Promise<Uint8Array | undefined> {
  const base = `/v1/blobs/${blob.blobId}`;
  const put = (path: string, body: Uint8Array): Promise<Uint8Array | undefined> =>
    peers.fetch(
      member,
      { method: 'PUT', path, body, headers: { 'content-type': 'application/octet-stream' } },
      signal,
    );
  if ((await put(`${base}/metadata`, blob.metadata)) === undefined) return undefined;
  const shape = encodingShape(blob.shardCount);
  for (const shard of member.shards) {
    const pair = pairOfShard(shape, blob.blobId, shard);
    for (const axis of ['primary', 'secondary'] as const) {
      const sliver = blob.sliver(sliverPairIndex(pair), axis);
      const path = `${base}/slivers/${String(pair)}/${axis}`;
      if ((await put(path, sliver)) === undefined) return undefined;
    }
  }
  const kind = objectId === undefined ? 'permanent' : `deletable/${objectId}`;
  const path = `${base}/confirmation/${kind}`;
  const answer = await peers.fetch(member, { method: 'GET', path }, signal);
  const signed = answer && readSigned(answer);
  if (!signed?.message.equals(message)) return undefined;
  const isGenuine = await verifySignature(message, signed.signature, member.publicKey);
  return isGenuine ? signed.signature : undefined;
}

function readSigned(answer: Uint8Array): { message: Buffer; signature: Buffer } | undefined {
  try {
    const { success } = JSON.parse(Buffer.from(answer).toString('utf8')) as {
      success: { data: { signed: { serializedMessage: string; signature: string } } };
    };
    const { serializedMessage, signature } = success.data.signed;
    return {
      message: Buffer.from(serializedMessage, 'base64'),
      signature: Buffer.from(signature, 'base64'),
    };
  } catch {
    return undefined;
  }
}
