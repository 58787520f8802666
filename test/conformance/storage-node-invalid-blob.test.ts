/**
 * A writer that encodes wrongly gets a certificate all the same, since no node sees the whole
 * blob. The node that cannot be given its sliver recovers it, proves that it does not fit, and has
 * the blob invalidated on chain. Written with the official client, which knows nothing of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { WalrusClient } from '@mysten/walrus';
import { expect, test } from 'vitest';
import { encodeBlob, readMetadata } from '#engine/codec/rs2.ts';
import { parseSuiAddress, sliverPairIndex } from '#engine/model/ids.ts';
import { encodingShape, pairOfShard } from '#localnet/nodes/encoding.ts';
import { startLocalnet } from '#localnet/localnet.ts';
import { withWrongHash } from '#test/support/stored-blob.ts';

const SHARD_COUNT = 13;

test('a wrongly encoded blob ends up invalid on every node', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'floe-invalid-'));
  const localnet = await startLocalnet({
    dir,
    shards: SHARD_COUNT,
    nodes: 13,
    port: 0,
    recoveryQuietMs: 50,
  });
  try {
    const { rpc, walrus: ids } = localnet.networkFile;
    if (!('url' in rpc)) throw new Error('one endpoint was asked for');
    const suiClient = new SuiGrpcClient({ network: 'testnet', baseUrl: rpc.url });
    const walrus = new WalrusClient({
      suiClient,
      packageConfig: {
        systemObjectId: ids.systemObjectId,
        stakingPoolId: ids.stakingObjectId,
      },
      storageNodeUrlScheme: 'http',
    });
    const signer = new Ed25519Keypair();
    const coins = 100_000_000_000n;
    await localnet.fund(parseSuiAddress(signer.toSuiAddress()), { mist: coins, frost: coins });

    const blob = await encodeBlob(new Uint8Array(10_000).fill(5), SHARD_COUNT);
    const metadata = withWrongHash(blob.metadata, 'secondary');
    const { blobId, rootHash } = readMetadata(metadata, SHARD_COUNT);
    const registered = await walrus.executeRegisterBlobTransaction({
      size: blob.unencodedLength,
      epochs: 3,
      blobId,
      rootHash,
      deletable: false,
      signer,
    });
    const confirmations = await Promise.all(
      localnet.networkFile.storageNodes.map(async ({ address, shards }) => {
        const base = `http://${address}/v1/blobs/${blobId}`;
        const put = (path: string, body: Uint8Array) =>
          fetch(`${base}/${path}`, { method: 'PUT', body: new Uint8Array(body) });
        await put('metadata', metadata);
        for (const shard of shards) {
          const pair = sliverPairIndex(pairOfShard(encodingShape(SHARD_COUNT), blobId, shard));
          for (const axis of ['primary', 'secondary'] as const) {
            await put(`slivers/${String(pair)}/${axis}`, blob.sliver(pair, axis));
          }
        }
        const answer = await fetch(`${base}/confirmation/permanent`);
        const json = (await answer.json()) as {
          readonly success?: {
            readonly data: {
              readonly signed: { readonly serializedMessage: string; readonly signature: string };
            };
          };
        };
        return json.success?.data.signed ?? null;
      }),
    );
    expect(confirmations.filter((confirmation) => confirmation === null)).toHaveLength(1);
    await walrus.executeCertifyBlobTransaction({
      blobId,
      blobObjectId: registered.blob.id,
      confirmations,
      deletable: false,
      signer,
    });
    while (!localnet.chain.view.isInvalid(blobId)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const { address } of localnet.networkFile.storageNodes) {
      const base = `http://${address}/v1/blobs/${blobId}`;
      const status = (await (await fetch(`${base}/status`)).json()) as object;
      expect(status).toHaveProperty('success.data.invalid.event.txDigest');
      expect((await fetch(`${base}/metadata`)).status).toBe(404);
    }
    blob.release();
  } finally {
    await localnet.close();
    await rm(dir, { recursive: true, force: true });
  }
}, 60_000);
