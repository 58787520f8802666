/**
 * @file A committee of scripted storage nodes with real keys, and a client for it.
 *
 * Shards are dealt out in order: `weights: [4, 3, 3, 3]` gives the first node shards 0 to 3.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';
import { epoch, parseObjectId, shardIndex } from '#engine/model/ids.ts';
import type { Committee, StorageNode } from '#engine/model/walrus.ts';
import type { Limits } from '#engine/walrus/limits.ts';
import { sliverBytes, type UploadBlob } from '#engine/walrus/node-upload.ts';
import {
  openStorageNetwork,
  type StorageNetwork,
  type StorageNetworkOptions,
} from '#engine/walrus/storage-network.ts';
import { generateKeyPair, sign as signBls } from '#engine/codec/bls.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { startScriptedNode, type ScriptedNode, type ScriptedNodeOptions } from './scripted-node.ts';
import { sliverCodec } from '#engine/sliver-codec.ts';

/** A scripted node with what a test needs to lie in its name. */
export interface CommitteeMember {
  readonly node: ScriptedNode;
  readonly storageNode: StorageNode;
  readonly sign: ScriptedNodeOptions['sign'];
}

export interface ScriptedCommittee {
  readonly committee: Committee;
  readonly members: readonly CommitteeMember[];
  /** A client; closed with the committee. */
  connect(options?: Partial<StorageNetworkOptions>): StorageNetwork;
  /** Put a blob where it belongs without uploading it. */
  place(blob: UploadBlob): void;
  close(): Promise<void>;
}

/** Patience fit for tests: the same rules, shorter. */
export const QUICK_LIMITS: Partial<Limits> = {
  answerTimeoutMs: 1_500,
  connectTimeoutMs: 1_000,
  attemptsMax: 3,
  backoffMs: { first: 10, max: 50 },
  registrationLagMs: 2_000,
  registrationBackoffMs: { first: 5, max: 20 },
  stallMs: { min: 60, initial: 120, max: 400 },
};

const silentLogger = { info: () => undefined, warn: () => undefined };

export async function startScriptedCommittee(options: {
  readonly weights: readonly number[];
  readonly isHttps?: boolean;
}): Promise<ScriptedCommittee> {
  const shardCount = options.weights.reduce((sum, weight) => sum + weight, 0);
  const members: CommitteeMember[] = [];
  let nextShard = 0;
  for (const [memberIndex, weight] of options.weights.entries()) {
    const shards = Array.from({ length: weight }, (_, index) => shardIndex(nextShard + index));
    nextShard += weight;
    members.push(await startMember(memberIndex, shards, shardCount, options.isHttps === true));
  }
  const committee: Committee = {
    epoch: epoch(1),
    shardCount,
    members: members.map(({ storageNode }) => storageNode),
  };
  const networks: StorageNetwork[] = [];
  return {
    committee,
    members,
    connect: (overrides = {}) => {
      const network = openStorageNetwork({
        scheme: options.isHttps ? 'https' : 'http',
        trust: options.isHttps ? 'pinned' : 'none',
        codec: sliverCodec,
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        limits: QUICK_LIMITS,
        ...overrides,
      });
      networks.push(network);
      return network;
    },
    place: (blob) => {
      for (const { node, storageNode } of members) placeAt(node, storageNode, blob);
    },
    close: async () => {
      await Promise.all(networks.map((network) => network.close()));
      await Promise.all(members.map(({ node }) => node.close()));
    },
  };
}

/** Give one node its part of a blob. */
export function placeAt(node: ScriptedNode, storageNode: StorageNode, blob: UploadBlob): void {
  const stored = node.store(blob.blobId);
  stored.metadata = blob.metadata;
  for (const shard of storageNode.shards) {
    const pair = sliverCodec.pairOfShard(shard, blob.blobId, blob.shardCount);
    for (const axis of ['primary', 'secondary'] as const) {
      const sliver = new Uint8Array(sliverBytes(blob, axis));
      blob.sliverInto(pair, axis, sliver);
      stored.slivers.set(`${String(pair)}-${axis}`, sliver);
    }
  }
}

async function startMember(
  memberIndex: number,
  shards: StorageNode['shards'],
  shardCount: number,
  isHttps: boolean,
): Promise<CommitteeMember> {
  const { secretKey, publicKey } = generateKeyPair(Buffer.alloc(32, memberIndex + 1));
  const sign: CommitteeMember['sign'] = async (message) => signBls(secretKey, message);
  const identity = await makeTlsIdentity();
  const node = await startScriptedNode({
    shards,
    shardCount,
    sign,
    pairOfShard: (shard, blobId) => sliverCodec.pairOfShard(shard, blobId, shardCount),
    ...(isHttps ? { tls: identity.tls } : {}),
  });
  const storageNode: StorageNode = {
    nodeId: parseObjectId(`0x${String(memberIndex + 1)}`),
    memberIndex,
    name: `scripted-${String(memberIndex)}`,
    networkAddress: node.address,
    publicKey: publicKey.uncompressed,
    networkPublicKey: identity.networkPublicKey,
    shards,
  };
  return { node, storageNode, sign };
}

/** A P-256 key with the certificate that it signed itself, and its on-chain form. */
export async function makeTlsIdentity(): Promise<{
  readonly tls: { readonly key: string; readonly cert: string };
  readonly networkPublicKey: Uint8Array;
}> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=scripted.network.walrus.alt',
    notBefore: new Date('1975-01-01'),
    notAfter: new Date('4096-01-01'),
    signingAlgorithm: algorithm,
    keys,
  });
  const point = Buffer.from(await webcrypto.subtle.exportKey('raw', keys.publicKey));
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const parity = (point[64] ?? 0) & 1;
  return {
    tls: {
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----`,
      cert: certificate.toString('pem'),
    },
    networkPublicKey: Buffer.concat([Buffer.of(2 + parity), point.subarray(1, 33)]),
  };
}
