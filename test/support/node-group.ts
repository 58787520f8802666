/**
 * @file Storage nodes on real sockets and disk, on a scripted chain.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { epoch, shardIndex, type ObjectId } from '#engine/model/ids.ts';
import type { Committee, StorageNode as CommitteeMember } from '#engine/model/walrus.ts';
import type { InvalidBlobCertificate } from '#localnet/nodes/attestations.ts';
import { resolveBehaviour, type BehaviourChoice } from '#localnet/nodes/behaviour.ts';
import { ByteBudget } from '#localnet/nodes/byte-budget.ts';
import { CodecEncoding } from '#localnet/nodes/codec-encoding.ts';
import { openNodeKeys } from '#localnet/nodes/keys.ts';
import { freePorts } from '#localnet/ports.ts';
import { StorageNode } from '#localnet/nodes/storage-node.ts';
import { createCertificate } from '#localnet/nodes/tls-certificate.ts';
import { ScriptedChain } from './scripted-chain.ts';

const MIB = 1024 * 1024;

export interface NodeGroupOptions {
  /** Shards of each node, in committee order. */
  readonly shards: readonly (readonly number[])[];
  readonly nodeIds?: readonly ObjectId[];
  readonly behaviour?: BehaviourChoice;
  readonly isTls?: boolean;
  readonly recoveryQuietMs?: number;
}

export interface NodeGroup {
  readonly chain: ScriptedChain;
  readonly nodes: readonly StorageNode[];
  readonly committee: Committee;
  readonly encoding: CodecEncoding;
  /** What the nodes told the chain. */
  readonly invalidBlobs: readonly InvalidBlobCertificate[];
  /** What the nodes logged. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

export async function startNodeGroup(options: NodeGroupOptions): Promise<NodeGroup> {
  const dir = await mkdtemp(join(tmpdir(), 'floe-nodes-'));
  const shardCount = options.shards.flat().length;
  const ports = await freePorts('127.0.0.1', options.shards.length);
  const dirs = options.shards.map((_, index) => join(dir, String(index)));
  await Promise.all(dirs.map((one) => mkdir(one, { recursive: true })));
  const keys = dirs.map((one) => openNodeKeys(one));
  const members = options.shards.map((shards, memberIndex): CommitteeMember => {
    const own = keys[memberIndex];
    if (!own) throw new Error('a node without keys');
    return {
      nodeId: options.nodeIds?.[memberIndex] ?? numberedId(memberIndex + 1),
      memberIndex,
      name: `node-${String(memberIndex)}`,
      networkAddress: `127.0.0.1:${String(ports[memberIndex])}`,
      publicKey: own.publicKey,
      networkPublicKey: own.networkPublicKey,
      shards: shards.map(shardIndex),
    };
  });
  const committee: Committee = { epoch: epoch(1), shardCount, members };
  const chain = new ScriptedChain(committee);
  const encoding = new CodecEncoding(shardCount);
  const uploadBudget = new ByteBudget(64 * MIB);
  const reencodeBudget = new ByteBudget(1);
  const log: string[] = [];
  const invalidBlobs: InvalidBlobCertificate[] = [];
  const nodes = await Promise.all(
    members.map(async ({ nodeId, name }, index) => {
      const own = keys[index];
      if (!own) throw new Error('a node without keys');
      const node = new StorageNode({
        nodeId,
        dir: dirs[index] ?? dir,
        host: '127.0.0.1',
        port: ports[index] ?? 0,
        signer: own.signer,
        tls: options.isTls
          ? {
              certificatePem: await createCertificate(own.networkKeyPem, '127.0.0.1'),
              keyPem: own.networkKeyPem,
            }
          : undefined,
        behaviour: resolveBehaviour(options.behaviour),
        encoding,
        chain,
        uploadBudget,
        reencodeTurn: (work) => reencodeBudget.run(1, work),
        recoveryQuietMs: options.recoveryQuietMs ?? 0,
        fsync: false,
        reportInvalid: async (certificate) => {
          invalidBlobs.push(certificate);
          if (!invalidBlobs.slice(0, -1).some(({ blobId }) => blobId === certificate.blobId)) {
            chain.emit({ kind: 'blob-invalid', blobId: certificate.blobId });
          }
        },
        log: (message) => log.push(`${name}: ${message}`),
      });
      await node.start();
      return node;
    }),
  );
  return {
    chain,
    nodes,
    committee,
    encoding,
    invalidBlobs,
    log,
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** An object id that ends in a number. */
export function numberedId(number: number): ObjectId {
  return `0x${number.toString(16).padStart(64, '0')}` as ObjectId;
}
