/**
 * Goal: the official client, unmodified, works on the local network as on a real one.
 * Method: `@mysten/walrus` and `@mysten/sui` as published, over gRPC-web and over JSON-RPC, against
 * a whole local network on real sockets; what it writes it reads back, and the chain agrees.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { requestSuiFromFaucetV2 } from '@mysten/sui/faucet';
import { Transaction } from '@mysten/sui/transactions';
import { WalrusClient, WalrusFile } from '@mysten/walrus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseBlobId } from '#engine/model/ids.ts';
import { startLocalnet, type RunningLocalnet } from '#localnet/localnet.ts';

/** Eleven nodes at least: the client's metadata fallback divides by their tenth part. */
const NODE_COUNT = 13;
const SHARD_COUNT = 26;
const FROST = 3_000_000_000n;

type Client = SuiGrpcClient | SuiJsonRpcClient;

const connect: Readonly<Record<'grpc-web' | 'json-rpc', (url: string) => Client>> = {
  'grpc-web': (url) => new SuiGrpcClient({ network: 'localnet', baseUrl: url }),
  'json-rpc': (url) => new SuiJsonRpcClient({ network: 'localnet', url }),
};

/** Bytes without a short period, different for each seed. */
function content(lengthBytes: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: lengthBytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** Compared at once: element by element would take longer than the network. */
const areEqual = (left: Uint8Array, right: Uint8Array): boolean =>
  Buffer.compare(left, right) === 0;

describe.each(['grpc-web', 'json-rpc'] as const)('the official client over %s', (transport) => {
  let dir: string;
  let localnet: RunningLocalnet;
  let sui: Client;
  const signer = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(7));
  const owner = signer.toSuiAddress();

  /** A client that has cached nothing yet. */
  const freshWalrus = (): WalrusClient =>
    new WalrusClient({
      suiClient: sui,
      storageNodeUrlScheme: 'http',
      packageConfig: {
        systemObjectId: localnet.networkFile.walrus.systemObjectId,
        stakingPoolId: localnet.networkFile.walrus.stakingObjectId,
      },
    });

  const walBalance = async (): Promise<bigint> => {
    const coinType = await walType();
    const { balance } = await sui.core.getBalance({ owner, coinType });
    return BigInt(balance.balance);
  };

  /** The type of WAL, found the way the client finds it. */
  const walType = async (): Promise<string> => {
    const { objects } = await sui.core.listOwnedObjects({ owner });
    const type = objects.map((object) => object.type).find((text) => text.includes('::wal::WAL'));
    return type?.replace(/^.*Coin<(.*)>$/, '$1') ?? '';
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'floe-official-client-'));
    localnet = await startLocalnet({
      dir,
      shards: SHARD_COUNT,
      nodes: NODE_COUNT,
      port: 0,
      rpc: [transport],
    });
    const { rpc, faucet, walrus } = localnet.networkFile;
    sui = connect[transport]('url' in rpc ? rpc.url : '');
    await requestSuiFromFaucetV2({ host: new URL(faucet.url).origin, recipient: owner });
    const exchangeId = walrus.exchangeObjectIds[0] ?? '';
    const { object } = await sui.core.getObject({ objectId: exchangeId });
    const [packageId = ''] = object.type.split('::');
    const transaction = new Transaction();
    const wal = transaction.moveCall({
      target: `${packageId}::wal_exchange::exchange_all_for_wal`,
      arguments: [
        transaction.object(exchangeId),
        transaction.coin({ balance: FROST, useGasCoin: true }),
      ],
    });
    transaction.transferObjects([wal], owner);
    const bought = await sui.core.signAndExecuteTransaction({ transaction, signer });
    expect(bought.$kind).toBe('Transaction');
    await sui.core.waitForTransaction({ result: bought });
    expect(await walBalance()).toBe(FROST);
  });

  afterAll(async () => {
    await localnet.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('writes a permanent blob with attributes, pays the quoted price, and reads both', async () => {
    const walrus = freshWalrus();
    const blob = content(200_000, 1);
    const { totalCost } = await walrus.storageCost(blob.length, 3);
    const before = await walBalance();
    const attributes = { contentType: 'text/plain', lang: 'en' };
    const written = await walrus.writeBlob({
      blob,
      deletable: false,
      epochs: 3,
      signer,
      attributes,
    });
    expect(before - (await walBalance())).toBe(totalCost);
    expect(localnet.chain.view.blobStatus(parseBlobId(written.blobId))).toMatchObject({
      permanent: { endEpoch: 4, isCertified: true, initialCertifiedEpoch: 1 },
    });
    const reader = freshWalrus();
    expect(areEqual(await reader.readBlob({ blobId: written.blobId }), blob)).toBe(true);
    expect(await reader.readBlobAttributes({ blobObjectId: written.blobObject.id })).toEqual(
      attributes,
    );
    expect(await reader.getVerifiedBlobStatus({ blobId: written.blobId })).toMatchObject({
      type: 'permanent',
      isCertified: true,
      endEpoch: 4,
    });
  });

  test.each([
    { name: 'of no bytes', lengthBytes: 0 },
    { name: 'of one byte', lengthBytes: 1 },
    { name: 'over several units of storage', lengthBytes: 2_000_000 },
  ])('writes and reads a deletable blob $name', async ({ lengthBytes }) => {
    const blob = content(lengthBytes, 2);
    const { blobId, blobObject } = await freshWalrus().writeBlob({
      blob,
      deletable: true,
      epochs: 1,
      signer,
    });
    expect(blobObject.deletable).toBe(true);
    expect(areEqual(await freshWalrus().readBlob({ blobId }), blob)).toBe(true);
  });

  test('extends a blob, changes its attributes and deletes it', async () => {
    const blob = content(5_000, 3);
    const { blobId, blobObject } = await freshWalrus().writeBlob({
      blob,
      deletable: true,
      epochs: 2,
      signer,
      attributes: { a: '1', b: '2' },
    });
    const blobObjectId = blobObject.id;
    const before = await walBalance();
    await freshWalrus().executeExtendBlobTransaction({ blobObjectId, epochs: 3, signer });
    // 26 shards hold it in one unit: three epochs at the default price.
    expect(before - (await walBalance())).toBe(3n * 100_000n);
    const registered = localnet.chain.view.blobStatus(parseBlobId(blobId));
    expect(registered).toMatchObject({ deletable: { initialCertifiedEpoch: 1 } });
    const { objects } = await sui.core.listOwnedObjects({
      owner,
      type: await freshWalrus().getBlobType(),
    });
    expect(objects.map(({ objectId }) => objectId)).toContain(blobObjectId);

    await freshWalrus().executeWriteBlobAttributesTransaction({
      blobObjectId,
      attributes: { a: null, b: '3' },
      signer,
    });
    expect(await freshWalrus().readBlobAttributes({ blobObjectId })).toEqual({ b: '3' });

    await freshWalrus().executeDeleteBlobTransaction({ blobObjectId, signer });
    expect(localnet.chain.view.blobStatus(parseBlobId(blobId))).toBe('nonexistent');
    await expect(freshWalrus().readBlob({ blobId })).rejects.toThrow();
  });

  test('writes files as a quilt and reads them by name and by id', async () => {
    const files = [
      { identifier: 'a.txt', bytes: content(300, 4), tags: { kind: 'text' } },
      { identifier: 'b.bin', bytes: content(20_000, 5), tags: {} },
    ];
    const written = await freshWalrus().writeFiles({
      files: files.map(({ bytes, identifier, tags }) =>
        WalrusFile.from({ contents: bytes, identifier, tags }),
      ),
      deletable: true,
      epochs: 1,
      signer,
    });
    const quilt = await freshWalrus().getBlob({ blobId: written[0]?.blobId ?? '' });
    const read = await quilt.files();
    expect(await Promise.all(read.map((file) => file.getIdentifier()))).toEqual(['a.txt', 'b.bin']);
    expect(await Promise.all(read.map((file) => file.bytes()))).toEqual(
      files.map(({ bytes }) => bytes),
    );
    const [first] = await freshWalrus().getFiles({ ids: [written[0]?.id ?? ''] });
    expect(await first?.bytes()).toEqual(files[0]?.bytes);
  });

  test('is told why a transaction would fail before it signs', async () => {
    const walrus = freshWalrus();
    const { blobId, rootHash } = await walrus.computeBlobMetadata({ bytes: content(100, 6) });
    const register = walrus.executeRegisterBlobTransaction({
      size: 100,
      epochs: 54,
      blobId,
      rootHash,
      deletable: true,
      signer,
    });
    await expect(register).rejects.toThrow(/abort code: 2, in '0x\w+::system_state_inner::/);
  });

  test('goes on after an epoch change and a change of prices', async () => {
    await localnet.advanceEpoch();
    await localnet.setPrices({ storageFrostPerMib: 7n, writeFrostPerMib: 3n });
    const blob = content(1_000, 7);
    const before = await walBalance();
    const { blobId } = await freshWalrus().writeBlob({ blob, deletable: true, epochs: 2, signer });
    expect(before - (await walBalance())).toBe(2n * 7n + 3n);
    expect(areEqual(await freshWalrus().readBlob({ blobId }), blob)).toBe(true);
  });
});
