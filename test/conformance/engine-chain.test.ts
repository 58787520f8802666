/**
 * Goal: the engine's chain side works on the local network's control plane over each transport.
 * Method: a chain of its own per transport on real sockets, an account that begins with nothing;
 * every transaction the engine makes is made here, and what the chain shows is read back.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregate, generateKeyPair, sign, type BlsKeyPair } from '#engine/codec/bls.ts';
import { computeBlobMetadata } from '#engine/codec/rs2.ts';
import { blobIdToBytes, parseObjectId, type ObjectId } from '#engine/model/ids.ts';
import { parseNetwork, type Network, type RpcTransport } from '#engine/model/network.ts';
import {
  encodedBytes,
  storageCostFrost,
  writeCostFrost,
  type BlobObject,
  type Certificate,
} from '#engine/model/walrus.ts';
import { requireSuccess } from '#engine/sui/aborts.ts';
import { deriveAccount } from '#engine/sui/account.ts';
import { openChain, type Chain } from '#engine/sui/chain.ts';
import type { PreparedTransaction } from '#engine/sui/wallet/prepared.ts';
import type { Wallet } from '#engine/sui/wallet/wallet.ts';
import type { Chain as LocalChain } from '#localnet/chain/chain.ts';
import { openChain as openLocalChain } from '#localnet/chain/open-chain.ts';
import { serveFaucet } from '#localnet/chain/rpc/faucet.ts';
import { createRpcFaults, type RpcFaults } from '#localnet/chain/rpc/faults.ts';
import type { RpcProfile } from '#localnet/chain/rpc/json-methods.ts';
import { serveRpc } from '#localnet/chain/rpc/serve.ts';
import { systemClock } from '#platform/system-clock.ts';
import { silentLogger } from '#test/support/recorded-chain.ts';

const SHARDS = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
  [10, 11, 12],
];
const SHARD_COUNT = 13;
const STORAGE_PRICE = 100_000n;
const WRITE_PRICE = 20_000n;
const SUI = 1_000_000_000n;
const caps = { walFrost: 100n * SUI, suiMist: 100n * SUI, gasMist: SUI };
const seed = new Uint8Array(64).fill(11);

interface Flavour {
  readonly name: string;
  readonly transport: RpcTransport & ('grpc-web' | 'json-rpc');
  readonly profile: RpcProfile;
  readonly expiration: Network['transactions']['expiration'];
}
const flavours: Flavour[] = [
  { name: 'gRPC-web', transport: 'grpc-web', profile: 'current', expiration: 'default' },
  { name: 'JSON-RPC', transport: 'json-rpc', profile: 'current', expiration: 'epoch' },
  { name: 'JSON-RPC of Sui 1.55', transport: 'json-rpc', profile: 'sui-1.55', expiration: 'none' },
];

interface World {
  readonly local: LocalChain;
  readonly network: Network;
  readonly chain: Chain;
  readonly faults: RpcFaults;
  readonly keys: readonly BlsKeyPair[];
  close(): Promise<void>;
}

async function openLocal(): Promise<{ local: LocalChain; keys: BlsKeyPair[]; dir: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'floe-engine-chain-'));
  const keys = SHARDS.map((_, index) => generateKeyPair(new Uint8Array(32).fill(index + 1)));
  const local = await openLocalChain({
    dir,
    genesis: {
      shardCount: SHARD_COUNT,
      epochDurationMs: 86_400_000,
      epochsAheadMax: 53,
      storagePriceFrostPerMib: STORAGE_PRICE,
      writePriceFrostPerMib: WRITE_PRICE,
      nodes: keys.map((key, index) => ({
        name: `node-${String(index)}`,
        networkAddress: `127.0.0.1:${String(9185 + index)}`,
        publicKey: key.publicKey.uncompressed,
        networkPublicKey: Uint8Array.of(2, ...new Uint8Array(32).fill(index)),
        shards: SHARDS[index] ?? [],
      })),
    },
    clock: { nowMs: () => Date.now() },
  });
  return { local, keys, dir };
}

async function openWorld(flavour: Flavour): Promise<World> {
  const { local, keys, dir } = await openLocal();
  const faults = createRpcFaults();
  const { transport, profile, expiration } = flavour;
  const rpc = await serveRpc({ chain: local, port: 0, transports: [transport], profile, faults });
  const faucet = await serveFaucet({ chain: local, port: 0 });
  const network = networkOf(local, [{ transport, url: rpc.url }], faucet, expiration);
  return {
    local,
    network,
    chain: openChain(network, { clock: systemClock, logger: silentLogger }),
    faults,
    keys,
    close: async () => {
      await rpc.close();
      await faucet.close();
      await local.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function networkOf(
  local: LocalChain,
  rpc: readonly { readonly transport: RpcTransport; readonly url: string }[],
  faucet: { readonly url: string },
  expiration: Network['transactions']['expiration'],
): Network {
  return parseNetwork({
    name: 'local',
    rpc,
    walrus: local.networkIds,
    faucet: { url: `${faucet.url}/v2/gas` },
    transactions: { expiration },
    nodes: { scheme: 'http', trust: 'none' },
  });
}

/** A blob of its own content, as `prepareRegister` wants it. */
async function blobOf(text: string, deletable = false) {
  const payload = new TextEncoder().encode(text.repeat(50));
  const { blobId, rootHash } = await computeBlobMetadata(payload, SHARD_COUNT);
  return { blobId, rootHash, sizeBytes: payload.length, deletable };
}

/** What the storage nodes would sign for a blob object in an epoch. */
async function certify(world: World, blob: BlobObject, epochNumber?: number): Promise<Certificate> {
  const { epoch, committee } = await world.chain.readSystem();
  const message = Buffer.alloc(blob.deletable ? 72 : 40);
  message.set([1, 0, 3]);
  message.writeUInt32LE(epochNumber ?? epoch, 3);
  message.set(blobIdToBytes(blob.blobId), 7);
  if (blob.deletable) {
    message.writeUInt8(1, 39);
    message.set(Buffer.from(blob.blobObjectId.slice(2), 'hex'), 40);
  }
  let bitmap = 0;
  const signatures = committee.members.flatMap((member) => {
    const key = world.keys.find(({ publicKey }) =>
      Buffer.from(publicKey.uncompressed).equals(member.publicKey),
    );
    if (!key) return [];
    bitmap |= 1 << member.memberIndex;
    return [sign(key.secretKey, message)];
  });
  return {
    message,
    signersBitmap: Uint8Array.of(bitmap),
    signature: aggregate(signatures),
    epoch,
    shardWeight: SHARD_COUNT,
  };
}

/** Send and require success, with what it cost in WAL. */
async function carryOut(
  world: World,
  wallet: Wallet,
  transaction: PreparedTransaction | undefined,
) {
  if (!transaction) throw new Error('there was something to do');
  const before = await world.chain.balances(wallet.address);
  const outcome = requireSuccess(await wallet.submit(transaction));
  const after = await world.chain.balances(wallet.address);
  return { outcome, paidFrost: before.walFrost - after.walFrost };
}

describe.each(flavours)('the engine over $name', (flavour) => {
  let world: World;
  let wallet: Wallet;
  let blobs: BlobObject[] = [];
  let bag: ObjectId;
  beforeAll(async () => {
    world = await openWorld(flavour);
    wallet = world.chain.openWallet(deriveAccount(seed, 0), caps);
  });
  afterAll(() => world.close());

  test('knows the chain and reads its system', async () => {
    const { local, chain } = world;
    expect(await chain.chainIdentifier()).toMatch(/^[0-9a-f]{8}$/);
    const system = await chain.readSystem();
    expect(system).toMatchObject({
      epoch: local.view.epoch,
      shardCount: SHARD_COUNT,
      epochsAheadMax: 53,
      epochDurationMs: 86_400_000,
      storagePriceFrostPerMib: STORAGE_PRICE,
      writePriceFrostPerMib: WRITE_PRICE,
    });
    const membersOf = (members: typeof system.committee.members) =>
      members.map(({ nodeId, memberIndex, shards, networkAddress }) => ({
        nodeId,
        memberIndex,
        shards,
        networkAddress,
      }));
    expect(membersOf(system.committee.members)).toEqual(membersOf(local.view.committee.members));
  });

  test('an account without money can do nothing', async () => {
    const blob = await blobOf('poor');
    await expect(
      wallet.prepareRegister({ blobs: [blob], duration: { epochs: 1 } }),
    ).rejects.toMatchObject({ code: 'balance-low' });
  });

  test('gets SUI from the faucet and WAL from the exchange', async () => {
    expect(await world.chain.requestFromFaucet(wallet.address)).toBe(1_000n * SUI);
    const prepared = await wallet.prepareExchange(10n * SUI);
    const { outcome, paidFrost } = await carryOut(world, wallet, prepared);
    expect(paidFrost).toBe(-10n * SUI);
    // Paying merged the faucet's five coins, which gives more deposit back than gas costs.
    expect(outcome.gas.netMist).toBe(prepared.quote.gasMistExpected);
    expect(await world.chain.balances(wallet.address)).toEqual({
      suiMist: 990n * SUI - outcome.gas.netMist,
      walFrost: 10n * SUI,
      walCoins: 1,
    });
  });

  test('registers several blobs at once for exactly the quoted price', async () => {
    const asked = [await blobOf('a'), await blobOf('b'), await blobOf('c', true)];
    const prepared = await wallet.prepareRegister({ blobs: asked, duration: { epochs: 3 } });
    const expected = asked.reduce((sum, { sizeBytes }) => {
      const storage = encodedBytes(sizeBytes, SHARD_COUNT);
      return (
        sum + storageCostFrost(storage, 3, STORAGE_PRICE) + writeCostFrost(storage, WRITE_PRICE)
      );
    }, 0n);
    expect(prepared.quote.walFrost).toBe(expected);
    const { outcome, paidFrost } = await carryOut(world, wallet, prepared);
    expect(paidFrost).toBe(expected);
    expect(outcome.gas.netMist).toBeLessThanOrEqual(prepared.quote.gasMistMax);

    const created = await world.chain.readCreatedBlobs(outcome);
    blobs = asked.map(({ blobId }) => {
      const blob = created.find((one) => one.blobId === blobId);
      if (!blob) throw new Error(`${blobId} was registered`);
      return blob;
    });
    expect(blobs.map(({ deletable }) => deletable)).toEqual([false, false, true]);
    expect(
      blobs.every(
        ({ owner, certifiedEpoch, endEpoch }) =>
          owner === wallet.address &&
          certifiedEpoch === undefined &&
          endEpoch === world.local.view.epoch + 3,
      ),
    ).toBe(true);
    expect(world.local.view.isRegistered(asked[0]?.blobId ?? ('' as never))).toBe(true);
  });

  test('certifies and publishes its first head in one transaction', async () => {
    const [first, , third] = blobs as [BlobObject, BlobObject, BlobObject];
    const { transaction, skipped } = await wallet.prepareCertifyAndPublish({
      certificates: [
        { blobObjectId: first.blobObjectId, certificate: await certify(world, first) },
        { blobObjectId: third.blobObjectId, certificate: await certify(world, third) },
      ],
      head: {
        fields: [
          { key: 0, value: new Uint8Array(8_000).fill(1), replace: false },
          { key: 1, value: Uint8Array.of(1, 2, 3), replace: false },
        ],
      },
    });
    expect(skipped).toEqual([]);
    await carryOut(world, wallet, transaction);
    expect(world.local.view.isCertified(first.blobId)).toBe(true);

    const head = await world.chain.readHead(wallet.address);
    expect(head?.bags).toHaveLength(1);
    bag = head?.bags[0]?.objectId ?? parseObjectId('0x0');
    const fields = await world.chain.readHeadFields(bag, [0, 1, 2]);
    expect(fields.get(0)).toEqual(new Uint8Array(8_000).fill(1));
    expect(fields.get(1)).toEqual(Uint8Array.of(1, 2, 3));
    expect(fields.has(2)).toBe(false);
  });

  test('replaces what changed in the same bag, and skips what is certified', async () => {
    const [first, second] = blobs as [BlobObject, BlobObject];
    const { transaction, skipped } = await wallet.prepareCertifyAndPublish({
      certificates: [
        { blobObjectId: first.blobObjectId, certificate: await certify(world, first) },
        { blobObjectId: second.blobObjectId, certificate: await certify(world, second) },
      ],
      head: {
        bag,
        fields: [
          { key: 0, value: Uint8Array.of(9), replace: true },
          { key: 2, value: Uint8Array.of(7), replace: false },
        ],
      },
    });
    expect(skipped.map(({ blobObjectId }) => blobObjectId)).toEqual([first.blobObjectId]);
    await carryOut(world, wallet, transaction);
    const fields = await world.chain.readHeadFields(bag, [0, 1, 2]);
    expect([...fields]).toEqual([
      [0, Uint8Array.of(9)],
      [1, Uint8Array.of(1, 2, 3)],
      [2, Uint8Array.of(7)],
    ]);
  });

  test('a head that is not as expected is refused before it is signed', async () => {
    const change = (fields: { key: number; value: Uint8Array; replace: boolean }[]) =>
      wallet.prepareCertifyAndPublish({ certificates: [], head: { bag, fields } });
    const value = Uint8Array.of(1);
    await expect(change([{ key: 0, value, replace: false }])).rejects.toMatchObject({
      code: 'transaction-refused',
    });
    await expect(change([{ key: 9, value, replace: true }])).rejects.toMatchObject({
      code: 'transaction-refused',
    });
  });

  test('extends once, however often it is asked or sent', async () => {
    const [first, second] = blobs as [BlobObject, BlobObject];
    const targetEndEpoch = first.endEpoch + 4;
    const extensions = [first, second].map(({ blobObjectId }) => ({
      blobObjectId,
      targetEndEpoch,
    }));
    const { transaction } = await wallet.prepareExtend(extensions);
    const { paidFrost } = await carryOut(world, wallet, transaction);
    expect(paidFrost).toBe(2n * storageCostFrost(first.storageSizeBytes, 4, STORAGE_PRICE));

    const again = await wallet.prepareExtend(extensions);
    expect(again.transaction).toBeUndefined();
    expect(again.skipped).toHaveLength(2);
    // The same bytes a second time are the same transaction.
    if (!transaction) throw new Error('it was sent');
    const { paidFrost: paidTwice } = await carryOut(world, wallet, transaction);
    expect(paidTwice).toBe(0n);
    const now = await world.chain.readBlobObjects([first.blobObjectId]);
    expect(now.get(first.blobObjectId)?.endEpoch).toBe(targetEndEpoch);
  });

  test('deletes a deletable blob and keeps the others', async () => {
    const [first, , third] = blobs as [BlobObject, BlobObject, BlobObject];
    await carryOut(world, wallet, await wallet.prepareDelete([third.blobObjectId]));
    const owned: ObjectId[] = [];
    for await (const blob of world.chain.ownedBlobObjects(wallet.address)) {
      owned.push(blob.blobObjectId);
    }
    expect(owned).toHaveLength(2);
    expect(owned).toContain(first.blobObjectId);
    const gone = await world.chain.readBlobObjects([third.blobObjectId]);
    expect(gone.get(third.blobObjectId)).toBeUndefined();
  });

  test('funds another account, which then pays for itself', async () => {
    const device = world.chain.openWallet(deriveAccount(seed, 1), caps);
    const sent = { recipient: device.address, mist: 2n * SUI, frost: SUI };
    await carryOut(world, wallet, await wallet.prepareTransfer(sent));
    expect(await world.chain.balances(device.address)).toEqual({
      suiMist: 2n * SUI,
      walFrost: SUI,
      walCoins: 1,
    });
    const blob = await blobOf('device');
    const prepared = await device.prepareRegister({ blobs: [blob], duration: { epochs: 1 } });
    await carryOut(world, device, prepared);
  });

  test('merges its coins', async () => {
    for (let index = 0; index < 3; index++) {
      await carryOut(world, wallet, await wallet.prepareExchange(SUI));
    }
    const { walCoins } = await world.chain.balances(wallet.address);
    expect(walCoins).toBeGreaterThan(1);
    const { paidFrost } = await carryOut(world, wallet, await wallet.prepareMerge());
    expect(paidFrost).toBe(0n);
    expect((await world.chain.balances(wallet.address)).walCoins).toBe(1);
  });

  test('pays once when the answer is lost', async () => {
    const blob = await blobOf('lost answer');
    const prepared = await wallet.prepareRegister({ blobs: [blob], duration: { epochs: 2 } });
    // More often than the client repeats: it has to look the transaction up.
    world.faults.dropReply(10);
    const { outcome, paidFrost } = await carryOut(world, wallet, prepared);
    world.faults.dropReply(0);
    expect(outcome.digest).toBe(prepared.digest);
    expect(paidFrost).toBe(prepared.quote.walFrost);
    expect(await wallet.settle(prepared)).toMatchObject({ kind: 'landed' });
    expect(await world.chain.findTransaction(prepared.digest)).toMatchObject({
      status: { kind: 'success' },
    });
  });

  test('settles a transaction that was prepared and never sent', async () => {
    const before = await wallet.prepareRegister({
      blobs: [await blobOf('never sent')],
      duration: { epochs: 1 },
    });
    wallet.discard(before);
    expect(await wallet.settle(before)).toEqual({ kind: 'unknown' });
    await carryOut(world, wallet, await wallet.prepareExchange(SUI));
    expect(await wallet.settle(before)).toEqual({ kind: 'cannot-land', reason: 'inputs-used' });
    expect(await wallet.conclude(before)).toMatchObject({ kind: 'cannot-land' });
  });

  test('does not trip over a node that lags behind', async () => {
    world.faults.setLagMs(700);
    const registrations = [];
    for (const text of ['lag one', 'lag two']) {
      const blob = await blobOf(text);
      const prepared = await wallet.prepareRegister({ blobs: [blob], duration: { epochs: 1 } });
      const outcome = requireSuccess(await wallet.submit(prepared));
      registrations.push(...(await world.chain.readCreatedBlobs(outcome)));
    }
    world.faults.setLagMs(0);
    expect(registrations).toHaveLength(2);
  });

  test('a price that changes before it is sent costs gas and nothing else', async () => {
    const request = { blobs: [await blobOf('price')], duration: { epochs: 1 } };
    const prepared = await wallet.prepareRegister(request);
    await world.local.setPrices({
      storageFrostPerMib: STORAGE_PRICE + 1n,
      writeFrostPerMib: WRITE_PRICE,
    });
    const outcome = await wallet.submit(prepared);
    expect(() => requireSuccess(outcome)).toThrowError(
      expect.objectContaining({ code: 'price-changed' }) as unknown,
    );
    const again = await wallet.prepareRegister(request);
    const { paidFrost } = await carryOut(world, wallet, again);
    expect(paidFrost).toBe(prepared.quote.walFrost + 1n);
  });

  test('a certificate of the epoch before is asked for again', async () => {
    const request = { blobs: [await blobOf('epoch')], duration: { epochs: 2 } };
    const { outcome } = await carryOut(world, wallet, await wallet.prepareRegister(request));
    const [blob] = await world.chain.readCreatedBlobs(outcome);
    if (!blob) throw new Error('it was registered');
    const old = await certify(world, blob);
    await world.local.advanceEpoch();
    const ask = (certificate: Certificate) =>
      wallet.prepareCertifyAndPublish({
        certificates: [{ blobObjectId: blob.blobObjectId, certificate }],
      });
    await expect(ask(old)).rejects.toMatchObject({ code: 'epoch-changed' });
    const { transaction } = await ask(await certify(world, blob));
    await carryOut(world, wallet, transaction);
    expect((await world.chain.readSystem()).previousCommittee?.members).toHaveLength(4);
  });

  test('an expired blob is neither extended nor deleted', async () => {
    const request = { blobs: [await blobOf('expiry', true)], duration: { epochs: 1 } };
    const { outcome } = await carryOut(world, wallet, await wallet.prepareRegister(request));
    const [blob] = await world.chain.readCreatedBlobs(outcome);
    if (!blob) throw new Error('it was registered');
    await world.local.advanceEpoch();
    const { blobObjectId } = blob;
    await expect(
      wallet.prepareExtend([{ blobObjectId, targetEndEpoch: blob.endEpoch + 5 }]),
    ).rejects.toMatchObject({ code: 'blob-expired' });
    await expect(wallet.prepareDelete([blobObjectId])).rejects.toMatchObject({
      code: 'blob-expired',
    });
  });
});

describe('two endpoints of different transports', () => {
  test('say the same about everything that trust depends on', async () => {
    const { local, dir } = await openLocal();
    const grpc = await serveRpc({ chain: local, port: 0, transports: ['grpc-web'] });
    const json = await serveRpc({ chain: local, port: 0, transports: ['json-rpc'] });
    const faucet = await serveFaucet({ chain: local, port: 0 });
    const endpoints = [
      { transport: 'grpc-web' as const, url: grpc.url },
      { transport: 'json-rpc' as const, url: json.url },
    ];
    const network = networkOf(local, endpoints, faucet, 'default');
    const chain = openChain(network, { clock: systemClock, logger: silentLogger });
    const wallet = chain.openWallet(deriveAccount(seed, 5), caps);
    await chain.requestFromFaucet(wallet.address);
    const exchange = await wallet.prepareExchange(SUI);
    requireSuccess(await wallet.submit(exchange));
    const head = { fields: [{ key: 0, value: Uint8Array.of(5), replace: false }] };
    const { transaction } = await wallet.prepareCertifyAndPublish({ certificates: [], head });
    if (!transaction) throw new Error('there is a head to publish');
    requireSuccess(await wallet.submit(transaction));

    expect(await chain.chainIdentifier()).toMatch(/^[0-9a-f]{8}$/);
    expect((await chain.readSystem()).epoch).toBe(local.view.epoch);
    const [bag] = (await chain.readHead(wallet.address))?.bags ?? [];
    if (!bag) throw new Error('a head was published');
    expect(await chain.readHeadFields(bag.objectId, [0])).toEqual(new Map([[0, Uint8Array.of(5)]]));
    expect(await chain.latestCheckpoint()).toBeGreaterThan(0n);
    await Promise.all([grpc.close(), json.close(), faucet.close()]);
    await local.close();
    rmSync(dir, { recursive: true });
  });
});
