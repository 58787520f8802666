import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  parseBlobId,
  parseObjectId,
  parseSuiAddress,
  type TransactionDigest,
} from '#engine/model/ids.ts';
import {
  RECORDED_OWNER,
  recordedNetwork,
  recordedObject,
  recordedObjects,
  recordedPackages,
  recordedTransaction,
  silentLogger,
  startRecordedChain,
  type RecordedChain,
} from '#test/support/recorded-chain.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { openChain, type Chain } from './chain.ts';
import { toChainIdentifier } from './rpc/sdk-rpc.ts';

const owner = parseSuiAddress(RECORDED_OWNER);
let node: RecordedChain;
let chain: Chain;

beforeEach(async () => {
  node = await startRecordedChain();
  chain = openChain(recordedNetwork(node.url), { clock: scriptedClock(), logger: silentLogger });
});
afterEach(() => node.close());

describe('readSystem', () => {
  test('reads epoch, prices and limits of the recorded deployment', async () => {
    const system = await chain.readSystem();
    expect(system).toMatchObject({
      epoch: 1,
      isChangingEpoch: false,
      epochStartedAtMs: Date.parse('2026-11-20T10:36:33.939Z'),
      epochDurationMs: 3_600_000,
      epochsAheadMax: 53,
      shardCount: 13,
      previousCommittee: undefined,
      storagePriceFrostPerMib: 5n,
      writePriceFrostPerMib: 1n,
      totalCapacityBytes: 1_083_333_333_333n,
      typePackageId: recordedPackages.walrus,
      callPackageId: recordedPackages.walrus,
      walType: recordedPackages.wal,
    });
  });

  test('reads the committee in on-chain order with addresses and keys', async () => {
    const { committee } = await chain.readSystem();
    expect(
      committee.members.map((member) => ({
        nodeId: member.nodeId,
        memberIndex: member.memberIndex,
        name: member.name,
        networkAddress: member.networkAddress,
        shards: member.shards,
        networkPublicKeyHex: Buffer.from(member.networkPublicKey).toString('hex'),
        protocolPublicKeyUncompressedHex: Buffer.from(member.publicKey).toString('hex'),
      })),
    ).toEqual(
      recordedObjects.context.nodes.map(
        (
          {
            nodeId,
            name,
            networkAddress,
            shards,
            networkPublicKeyHex,
            protocolPublicKeyUncompressedHex,
          },
          memberIndex,
        ) => ({
          nodeId,
          memberIndex,
          name,
          networkAddress,
          shards,
          networkPublicKeyHex,
          protocolPublicKeyUncompressedHex,
        }),
      ),
    );
  });

  test('asks for the central objects in one request, and for pools only once', async () => {
    await chain.readSystem();
    await chain.readSystem();
    expect(node.count('sui_multiGetObjects')).toBe(3);
    expect(node.count('sui_getNormalizedMoveFunction')).toBe(1);
  });

  test('reads the prices anew each time', async () => {
    await chain.readSystem();
    const inner = recordedObject('SystemStateInnerV1');
    const bytes = Buffer.from(inner.bcsBase64, 'base64');
    // The two prices follow the capacities: 5 and 1 as u64.
    const at = bytes.indexOf(Buffer.from('05000000000000000100000000000000', 'hex'));
    bytes.writeBigUInt64LE(7n, at);
    node.objects.set(inner.objectId, { ...inner, bcsBase64: bytes.toString('base64') });
    expect((await chain.readSystem()).storagePriceFrostPerMib).toBe(7n);
  });

  test('refuses a Staking object whose committee misses a shard', async () => {
    const inner = recordedObject('StakingInnerV1');
    const bytes = Buffer.from(inner.bcsBase64, 'base64');
    // The first member's shards 0, 1, 2 as a vector of u16: shard 2 becomes a second 1.
    const at = bytes.indexOf(Buffer.from('03000001000200', 'hex'));
    bytes.writeUInt16LE(1, at + 5);
    node.objects.set(inner.objectId, { ...inner, bcsBase64: bytes.toString('base64') });
    await expect(chain.readSystem()).rejects.toMatchObject({ code: 'rpc-invalid-answer' });
  });

  test('says that the network file is wrong if there is no System object', async () => {
    node.objects.delete(recordedObject('System').objectId);
    await expect(chain.readSystem()).rejects.toMatchObject({ code: 'network-file-invalid' });
  });

  test('refuses an object of another type as System', async () => {
    const system = recordedObject('System');
    node.objects.set(system.objectId, {
      ...system,
      type: `${recordedPackages.walrus}::staking::Staking`,
    });
    await expect(chain.readSystem()).rejects.toMatchObject({ code: 'rpc-invalid-answer' });
  });
});

describe('blob objects', () => {
  test.each([
    { name: 'Blob permanent certified', blob: 'A', certified: 1, end: 6, deletable: false },
    {
      name: 'Blob permanent registered',
      blob: 'B',
      certified: undefined,
      end: 4,
      deletable: false,
    },
    { name: 'Blob deletable certified', blob: 'K', certified: 1, end: 6, deletable: true },
  ])('a recorded $name is read', async ({ name, blob, certified, end, deletable }) => {
    const recorded = recordedObject(name);
    const objectId = parseObjectId(recorded.objectId);
    const blobs = await chain.readBlobObjects([objectId]);
    expect(blobs.get(objectId)).toMatchObject({
      blobObjectId: objectId,
      blobId: parseBlobId(recordedObjects.context.blobs[blob]?.blobId ?? ''),
      owner,
      registeredEpoch: 1,
      certifiedEpoch: certified,
      startEpoch: 1,
      endEpoch: end,
      deletable,
      version: BigInt(recorded.version),
    });
  });

  test.each([
    {
      name: 'a deleted one',
      id: recordedObjects.objects.find((o) => o.name.startsWith('deleted'))?.objectId,
    },
    { name: 'one that never existed', id: `0x${'ab'.repeat(32)}` },
  ])('$name is undefined', async ({ id }) => {
    const objectId = parseObjectId(id ?? '');
    expect((await chain.readBlobObjects([objectId])).get(objectId)).toBeUndefined();
  });

  test('a recorded shared one is read with the blob inside', async () => {
    const shared = recordedObject('SharedBlob');
    const { objectId } = shared;
    const id = parseObjectId(objectId);
    expect((await chain.readBlobObjects([id])).get(id)).toMatchObject({
      blobObjectId: id,
      owner: undefined,
      isShared: true,
      certifiedEpoch: 1,
    });
  });

  test('an object of another type is no answer, since types never change', async () => {
    const objectId = parseObjectId(recordedObject('Coin<WAL>').objectId);
    await expect(chain.readBlobObjects([objectId])).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });

  test('those of an account are listed with their ends', async () => {
    const ends: number[] = [];
    for await (const blob of chain.ownedBlobObjects(owner)) ends.push(blob.endEpoch);
    expect(ends.sort()).toEqual([3, 4, 4, 4, 6, 6].sort());
  });

  test('are read in batches of 50', async () => {
    await chain.readSystem();
    const before = node.count('sui_multiGetObjects');
    const ids = Array.from({ length: 120 }, (_, i) => parseObjectId(`0x${(i + 1).toString(16)}`));
    const blobs = await chain.readBlobObjects(ids);
    expect(blobs.size).toBe(120);
    expect(node.count('sui_multiGetObjects') - before).toBe(3);
  });

  test('an answer with another object than asked is refused', async () => {
    const [a, b] = [
      recordedObject('Blob permanent certified'),
      recordedObject('Blob deletable certified'),
    ];
    await chain.readSystem();
    node.on('sui_multiGetObjects', () => ({
      result: [
        {
          data: {
            ...b,
            bcs: { dataType: 'moveObject', type: b.type, version: 1, bcsBytes: b.bcsBase64 },
          },
        },
      ],
    }));
    await expect(chain.readBlobObjects([parseObjectId(a.objectId)])).rejects.toMatchObject({
      code: 'rpc-invalid-answer',
    });
  });
});

describe('accounts', () => {
  test('balances come with the number of coins', async () => {
    expect(await chain.balances(owner)).toEqual({
      suiMist: 5_000_000_000n,
      walFrost: 1_999_998_635n,
      walCoins: 1,
    });
  });

  test('an account without a bag has no head', async () => {
    expect(await chain.readHead(owner)).toBeUndefined();
  });

  test('a recorded transaction is found with what it did', async () => {
    const recorded = recordedTransaction('certify deletable (blob K)');
    const outcome = await chain.findTransaction(recorded.digest as TransactionDigest);
    expect(outcome).toMatchObject({
      digest: recorded.digest,
      status: { kind: 'success' },
      gas: { computationMist: 2_000_000n },
    });
    const blob = recordedObject('Blob deletable certified').objectId;
    expect(outcome).toMatchObject({
      changedObjects: expect.arrayContaining([
        expect.objectContaining({
          objectId: blob,
          change: 'mutated',
          type: `${recordedPackages.walrus}::blob::Blob`,
        }),
      ]) as unknown,
    });
  });

  test('a deletion unwraps the storage, which JSON-RPC does not type', async () => {
    const recorded = recordedTransaction(
      'delete certified deletable blob (SDK deleteBlobTransaction; Storage returned to owner)',
    );
    const outcome = await chain.findTransaction(recorded.digest as TransactionDigest);
    const storage = recordedObject('Storage returned by delete_blob').objectId;
    expect(outcome).toMatchObject({
      changedObjects: expect.arrayContaining([
        expect.objectContaining({
          objectId: storage,
          change: 'unwrapped',
          owner: { kind: 'address', address: owner },
        }),
      ]) as unknown,
    });
  });

  test('a transaction that nobody sent is absent', async () => {
    const digest = '11111111111111111111111111111112' as TransactionDigest;
    expect(await chain.findTransaction(digest)).toBe('absent');
  });
});

describe('the chain identifier', () => {
  test('is what the node says', async () => {
    expect(await chain.chainIdentifier()).toBe('831120da');
  });

  test('comes from checkpoint 0 where a node does not say it', async () => {
    node.on('sui_getChainIdentifier', () => ({
      error: { code: -32601, message: 'no such method' },
    }));
    node.on('sui_getCheckpoint', () => ({
      result: { digest: '9pdZJ529vDmE4VszZnLkdfRFtFWgh5dQ9qxEDQMMuyg3' },
    }));
    expect(await chain.chainIdentifier()).toBe('831120da');
  });

  test('is the same in the digest form that gRPC gives', () => {
    const probe = recordedObjects.context.grpcProbe[1]?.bodyBase64 ?? '';
    // Frame header 5 bytes, field tag and length 2 bytes, then the digest as text.
    const digest = Buffer.from(probe, 'base64').subarray(7, 51).toString();
    expect(toChainIdentifier(digest)).toBe('831120da');
  });
});
