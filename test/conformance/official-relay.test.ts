/**
 * Goal: the local network's upload relay is what the official client takes it for.
 * Method: `@mysten/walrus` as published, with its `uploadRelay` option, writes through our relay on
 * a real socket; the chain, the storage nodes and the relay's own account agree. Then requests that
 * the official relay refuses, by hand.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { WalrusClient, type WalrusClientConfig } from '@mysten/walrus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseBlobId, parseSuiAddress } from '#engine/model/ids.ts';
import { encodedBytes } from '#engine/model/walrus.ts';
import { startLocalnet, type RunningLocalnet } from '#localnet/localnet.ts';

const SHARD_COUNT = 26;
const COIN = 1_000_000_000n;
const signer = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(9));
const owner = signer.toSuiAddress();

interface Tipping {
  readonly name: string;
  readonly tip: string;
  readonly mistFor: (sizeBytes: number) => bigint;
}

const tippings: readonly Tipping[] = [
  { name: 'takes no tip', tip: 'none', mistFor: () => 0n },
  { name: 'takes a constant tip', tip: 'const:105', mistFor: () => 105n },
  {
    name: 'takes a tip by size',
    tip: 'linear:1000:7',
    mistFor: (sizeBytes) => 1_000n + 7n * ((encodedBytes(sizeBytes, SHARD_COUNT) + 1023n) / 1024n),
  },
];

describe.each(tippings)('a relay that $name', ({ tip, mistFor }) => {
  let dir: string;
  let localnet: RunningLocalnet;
  let sui: SuiGrpcClient;

  /** Of its own for each client: the relay's terms are cached with it. */
  const connect = (): SuiGrpcClient => {
    const { rpc } = localnet.networkFile;
    return new SuiGrpcClient({ network: 'localnet', baseUrl: 'url' in rpc ? rpc.url : '' });
  };

  const host = (): string => localnet.networkFile.uploadRelay?.url ?? '';

  const walrus = (sendTip: { max: number } | undefined): WalrusClient => {
    const uploadRelay: NonNullable<WalrusClientConfig['uploadRelay']> = {
      host: host(),
      ...(sendTip ? { sendTip } : {}),
    };
    return new WalrusClient({
      suiClient: connect(),
      storageNodeUrlScheme: 'http',
      packageConfig: {
        systemObjectId: localnet.networkFile.walrus.systemObjectId,
        stakingPoolId: localnet.networkFile.walrus.stakingObjectId,
      },
      uploadRelay,
    });
  };

  const received = async (): Promise<bigint> => {
    const { balance } = await sui.core.getBalance({ owner: localnet.relay?.tipAddress ?? '' });
    return BigInt(balance.balance);
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'floe-official-relay-'));
    localnet = await startLocalnet({
      dir,
      shards: SHARD_COUNT,
      nodes: 13,
      port: 0,
      relay: { tip },
    });
    sui = connect();
    await localnet.fund(parseSuiAddress(owner), { mist: 10n * COIN, frost: 10n * COIN });
  });
  afterAll(async () => {
    await localnet.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each([
    { name: 'a permanent blob', deletable: false, lengthBytes: 200_000 },
    { name: 'a deletable blob', deletable: true, lengthBytes: 1_500_000 },
    { name: 'a blob of one byte', deletable: true, lengthBytes: 1 },
  ])('takes $name, and is paid to the last MIST', async ({ deletable, lengthBytes }) => {
    const blob = new Uint8Array(randomBytes(lengthBytes));
    const before = await received();
    const client = walrus(tip === 'none' ? undefined : { max: 1_000_000 });
    const { blobId } = await client.writeBlob({ blob, deletable, epochs: 2, signer });
    expect((await received()) - before).toBe(mistFor(lengthBytes));
    expect(localnet.chain.view.isCertified(parseBlobId(blobId))).toBe(true);
    const reader = new WalrusClient({
      suiClient: sui,
      storageNodeUrlScheme: 'http',
      packageConfig: {
        systemObjectId: localnet.networkFile.walrus.systemObjectId,
        stakingPoolId: localnet.networkFile.walrus.stakingObjectId,
      },
    });
    expect(Buffer.compare(await reader.readBlob({ blobId }), blob)).toBe(0);
  });

  test.runIf(tip !== 'none')('asks more than the client would give: nothing is paid', async () => {
    const before = await received();
    const writing = walrus({ max: 10 }).writeBlob({
      blob: randomBytes(100),
      deletable: true,
      epochs: 1,
      signer,
    });
    await expect(writing).rejects.toThrow('exceeds the maximum allowed tip');
    expect(await received()).toBe(before);
  });

  test.runIf(tip === 'const:105')('refuses whoever has not paid for this blob', async () => {
    const client = walrus({ max: 1_000 });
    const blob = new Uint8Array(randomBytes(3_000));
    const metadata = await client.computeBlobMetadata({ bytes: blob });
    const { nonce } = metadata;
    const register = async (tipMist: bigint, size: number, blobDigest: Uint8Array) => {
      const transaction = new Transaction();
      transaction.setSenderIfNotSet(owner);
      transaction.add(client.addAuthPayload({ size, blobDigest, nonce }));
      if (tipMist > 0n) {
        const [coin] = transaction.splitCoins(transaction.gas, [tipMist]);
        transaction.transferObjects([coin], localnet.relay?.tipAddress ?? '');
      }
      transaction.transferObjects(
        [
          client.registerBlob({
            size: blob.length,
            epochs: 1,
            blobId: metadata.blobId,
            rootHash: metadata.rootHash,
            deletable: false,
          }),
        ],
        owner,
      );
      const result = await sui.core.signAndExecuteTransaction({ transaction, signer });
      return (result.Transaction ?? result.FailedTransaction).digest;
    };
    const digest = createHash('sha256').update(blob).digest();
    const paid = await register(105n, blob.length, digest);
    const post = async (query: Record<string, string>, body: Uint8Array = blob) => {
      const search = new URLSearchParams({ blob_id: metadata.blobId, ...query });
      const answer = await fetch(`${host()}/v1/blob-upload-relay?${search.toString()}`, {
        method: 'POST',
        body: Buffer.from(body),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const nonceText = Buffer.from(nonce).toString('base64url');
    const other = Buffer.from(randomBytes(32)).toString('base64url');
    const changed = Uint8Array.from(blob, (byte, index) => (index === 5 ? byte ^ 1 : byte));
    const refusals = [
      { name: 'an unknown key', query: { tx_id: paid, nonce: nonceText, extra: '1' }, status: 400 },
      { name: 'no transaction', query: { nonce: nonceText }, status: 400 },
      { name: 'no nonce', query: { tx_id: paid }, status: 400 },
      { name: 'another nonce', query: { tx_id: paid, nonce: other }, status: 401 },
      {
        name: 'another encoding',
        query: { tx_id: paid, nonce: nonceText, encoding_type: 'RedStuff' },
        status: 400,
      },
      {
        name: 'a transaction that nobody knows',
        query: { tx_id: '11111111111111111111111111111111', nonce: nonceText },
        status: 500,
      },
      {
        name: 'a tip that was not sent',
        query: { tx_id: await register(0n, blob.length, digest), nonce: nonceText },
        status: 402,
      },
      {
        name: 'a tip that is too small',
        query: { tx_id: await register(104n, blob.length, digest), nonce: nonceText },
        status: 402,
      },
      {
        name: 'a tip for a blob of another length',
        query: { tx_id: await register(105n, 2_999, digest), nonce: nonceText },
        status: 401,
      },
      {
        name: 'other bytes',
        query: { tx_id: paid, nonce: nonceText },
        body: changed,
        status: 401,
      },
      {
        name: 'another blob ID',
        query: {
          tx_id: paid,
          nonce: nonceText,
          blob_id: Buffer.from(randomBytes(32)).toString('base64url'),
        },
        status: 400,
      },
    ];
    for (const { name, query, body, status } of refusals) {
      expect((await post(query, body)).status, name).toBe(status);
    }
    expect(localnet.chain.view.isCertified(parseBlobId(metadata.blobId))).toBe(false);
    const answer = await post({ tx_id: paid, nonce: nonceText });
    expect(answer.status).toBe(200);
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual([
      'blob_id',
      'confirmation_certificate',
    ]);
  });
});
