import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBlobId, type ObjectId } from '#engine/model/ids.ts';
import {
  blobIdOf,
  certificate,
  certifyBlob,
  EPOCH_MS,
  execute,
  invalidBlobMessage,
  openLocalChain,
  registerBlob,
  smallGenesis,
  type LocalChain,
} from '#test/support/local-chain.ts';
import { openChain, type ChainEvent } from './chain.ts';
import {
  stakingPoolLayout,
  stakingStateLayout,
  type StakingPoolStruct,
  type StakingStateStruct,
  type SystemStateStruct,
} from './contracts/layouts.ts';
import { innerStateId } from './walrus/network-ids.ts';
import { innerStateLayouts, readValue } from './walrus/state-editor.ts';

let local: LocalChain;
beforeEach(async () => {
  local = await openLocalChain();
});
afterEach(async () => {
  await local.close();
});

const systemState = (): SystemStateStruct =>
  readValue<{ value: SystemStateStruct }>(
    local.chain.ledger.objects.view(),
    innerStateId(local.chain.networkIds.systemObjectId),
    innerStateLayouts.system,
  ).value;

const stakingState = (): StakingStateStruct =>
  readValue<{ value: StakingStateStruct }>(
    local.chain.ledger.objects.view(),
    innerStateId(local.chain.networkIds.stakingObjectId),
    innerStateLayouts.staking,
  ).value;

const pool = (nodeId: string): StakingPoolStruct =>
  readValue<StakingPoolStruct>(local.chain.ledger.objects.view(), nodeId, stakingPoolLayout);

const kindsSince = (sequence: number): string[] =>
  local.chain.events.eventsSince(sequence).map(({ kind }) => kind);

describe('a chain', () => {
  test('has the ids that follow from its genesis', async () => {
    const other = await openLocalChain();
    const third = await openLocalChain({ ...smallGenesis, seed: 'other' });
    expect(other.chain.networkIds).toEqual(local.chain.networkIds);
    expect(other.chain.chainIdentifier).toBe(local.chain.chainIdentifier);
    expect(third.chain.networkIds).not.toEqual(local.chain.networkIds);
    await other.close();
    await third.close();
  });

  test('lists its committee by ascending node id', () => {
    const { members, shardCount } = local.chain.view.committee;
    expect(members.map(({ nodeId }) => nodeId)).toEqual(
      members.map(({ nodeId }) => nodeId).toSorted(),
    );
    expect(members.map(({ memberIndex }) => memberIndex)).toEqual([0, 1, 2, 3]);
    expect(shardCount).toBe(13);
  });

  test.each([
    { name: 'more shards', genesis: { ...smallGenesis, epochsAheadMax: 10 } },
    { name: 'another seed', genesis: { ...smallGenesis, seed: 'x' } },
  ])('is not opened with another genesis: $name', async ({ genesis }) => {
    await local.restart(0);
    const opened = openChain({ dir: local.dir, genesis, clock: { nowMs: () => local.nowMs } });
    await expect(opened).rejects.toThrow(/another genesis/);
  });

  test('refuses shards that are not a partition', async () => {
    const nodes = smallGenesis.nodes.map((node) => ({ ...node, shards: [0, 1] }));
    await expect(openLocalChain({ ...smallGenesis, nodes })).rejects.toThrow(/partition/);
  });

  test('survives a restart with objects, events and sequence numbers', async () => {
    const blob = { rootByte: 1 };
    const objectId = await registerBlob(local, blob);
    await certifyBlob(local, objectId, blob);
    const events = local.chain.events.eventsSince(0);
    const status = local.chain.view.blobStatus(blobIdOf(blob));
    await local.restart(0);
    expect(local.chain.events.eventsSince(0)).toEqual(events);
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual(status);
    expect(local.chain.view.latestEventSequence).toBe(2);
    expect(local.chain.ledger.objects.view().get(objectId)?.type).toMatch(/::blob::Blob$/);
  });

  test('stands still while it is closed', async () => {
    local.nowMs += 10 * 3_600_000;
    await local.chain.tick();
    await local.restart(30 * EPOCH_MS);
    await local.chain.tick();
    expect(local.chain.view.epoch).toBe(1);
    expect(local.chain.epochEndsAtMs - local.nowMs).toBe(EPOCH_MS - 10 * 3_600_000);
  });

  test('knows a node by its new address', async () => {
    const nodeId = local.chain.view.committee.members[2]?.nodeId as ObjectId;
    await local.chain.setNetworkAddress(nodeId, '127.0.0.1:1');
    expect(local.chain.view.committee.members[2]?.networkAddress).toBe('127.0.0.1:1');
    expect(pool(nodeId).node_info.network_address).toBe('127.0.0.1:1');
  });
});

describe('an epoch', () => {
  test('has its parameters selected at half time and ends when it is due', async () => {
    local.nowMs += EPOCH_MS / 2 - 1;
    await local.chain.tick();
    expect(kindsSince(0)).toEqual([]);
    local.nowMs += 1;
    await local.chain.tick();
    await local.chain.tick();
    expect(kindsSince(0)).toEqual(['epoch-parameters-selected']);
    local.nowMs += EPOCH_MS / 2;
    await local.chain.tick();
    expect(local.chain.view.epoch).toBe(2);
    expect(local.chain.view.isChangingEpoch).toBe(false);
    expect(kindsSince(1).slice(0, 4)).toEqual([
      'epoch-change-start',
      'shards-received',
      'shards-received',
      'epoch-change-done',
    ]);
    expect(local.chain.epochEndsAtMs).toBe(local.nowMs + EPOCH_MS);
  });

  test('waits for nodes with two thirds of the shards', async () => {
    const [first, second, third] = local.chain.view.committee.members;
    await local.chain.advanceEpoch({ awaitNodes: true });
    const report = (nodeId: ObjectId | undefined): Promise<void> =>
      local.chain.reportShardsReceived(nodeId as ObjectId);
    await report(first?.nodeId);
    await report(first?.nodeId);
    await report(second?.nodeId);
    expect(local.chain.view.isChangingEpoch).toBe(true);
    await report(third?.nodeId);
    expect(local.chain.view.isChangingEpoch).toBe(false);
    await report(`0x${'12'.repeat(32)}` as ObjectId);
    expect(kindsSince(0).filter((kind) => kind === 'shards-received')).toHaveLength(3);
  });

  test('moves shards and remembers who had them', async () => {
    const before = local.chain.view.committee;
    const [first, second, ...rest] = before.members;
    if (first === undefined || second === undefined) throw new Error('two members at least');
    const shards = new Map<ObjectId, readonly number[]>(
      rest.map((member) => [member.nodeId, member.shards]),
    );
    shards.set(first.nodeId, first.shards.slice(1));
    shards.set(second.nodeId, [...second.shards, ...first.shards.slice(0, 1)]);
    await local.chain.advanceEpoch({ shards });
    const { committee, previousCommittee } = local.chain.view;
    expect(committee.members.map(({ shards: held }) => held.length)).toEqual([
      first.shards.length - 1,
      second.shards.length + 1,
      ...rest.map(({ shards: held }) => held.length),
    ]);
    expect(previousCommittee?.members).toEqual(before.members);
    expect(local.chain.view.committeeFor(1)).toEqual(previousCommittee);
    expect(systemState().committee.members.map(({ weight }) => weight)).toEqual(
      committee.members.map(({ shards: held }) => held.length),
    );
    expect(stakingState().previous_committee).toHaveLength(4);
  });

  test('that is forced while a change is under way ends the change first', async () => {
    await local.chain.advanceEpoch({ awaitNodes: true });
    await local.chain.advanceEpoch();
    expect(local.chain.view.epoch).toBe(3);
    expect(kindsSince(0).filter((kind) => kind === 'epoch-change-done')).toHaveLength(2);
  });

  test('pays out everything that was earned for it', async () => {
    await registerBlob(local, { rootByte: 4, epochs: 2 });
    const staked = (): bigint =>
      local.chain.view.committee.members.reduce(
        (sum, { nodeId }) => sum + pool(nodeId).rewards_pool,
        0n,
      );
    const held = (): bigint =>
      systemState().future_accounting.ring_buffer.reduce(
        (sum, account) => sum + account.rewards_to_distribute,
        0n,
      );
    const before = held();
    expect(before).toBe(2n * 5n + 1n);
    await local.chain.advanceEpoch();
    // 6 of them were for the first epoch; the rest of the division stays for the next.
    expect(staked()).toBe(4n);
    expect(staked() + held()).toBe(before);
    expect(systemState().future_accounting.ring_buffer).toHaveLength(53);
  });

  test('ends blobs that were bought until it', async () => {
    const blob = { rootByte: 5, epochs: 1 };
    await registerBlob(local, blob);
    expect(local.chain.view.isRegistered(blobIdOf(blob))).toBe(true);
    await local.chain.advanceEpoch();
    expect(local.chain.view.isRegistered(blobIdOf(blob))).toBe(false);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toBe('nonexistent');
  });
});

describe('prices', () => {
  test('hold at once and are what every pool votes for', async () => {
    await local.chain.setPrices({ storageFrostPerMib: 9n, writeFrostPerMib: 2n });
    expect(systemState()).toMatchObject({
      storage_price_per_unit_size: 9n,
      write_price_per_unit_size: 2n,
    });
    const { nodeId = '' } = local.chain.view.committee.members[0] ?? {};
    expect(pool(nodeId).voting_params).toMatchObject({ storage_price: 9n, write_price: 2n });
    expect(local.chain.events.eventsSince(0)).toMatchObject([
      { kind: 'prices-updated', storagePriceFrostPerMib: 9n, writePriceFrostPerMib: 2n },
    ]);
    await local.chain.advanceEpoch();
    expect(systemState().storage_price_per_unit_size).toBe(9n);
  });
});

describe('what nodes are told', () => {
  test('comes before the sender has an answer, and can be read again', async () => {
    const heard: ChainEvent[] = [];
    const stop = local.chain.events.subscribe((event) => heard.push(event));
    const blob = { rootByte: 6, deletable: true };
    const objectId = await registerBlob(local, blob);
    expect(heard).toMatchObject([
      { kind: 'blob-registered', objectId, blobId: blobIdOf(blob), endEpoch: 4, deletable: true },
    ]);
    stop();
    await certifyBlob(local, objectId, blob);
    expect(heard).toHaveLength(1);
    expect(local.chain.events.eventsSince(1)).toMatchObject([
      { kind: 'blob-certified', isExtension: false, sequence: 2 },
    ]);
    expect(local.chain.events.eventsSince(0, 1)).toHaveLength(1);
  });
});

describe('the status of a blob', () => {
  const counts = (total: number, certified: number) => ({
    count_deletable_total: total,
    count_deletable_certified: certified,
  });

  test('follows its deletable objects', async () => {
    const blob = { rootByte: 7, deletable: true };
    const first = await registerBlob(local, blob);
    await registerBlob(local, blob);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual({
      deletable: { initialCertifiedEpoch: null, deletableCounts: counts(2, 0) },
    });
    await certifyBlob(local, first, blob);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual({
      deletable: { initialCertifiedEpoch: 1, deletableCounts: counts(2, 1) },
    });
    await deleteBlob(first);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual({
      deletable: { initialCertifiedEpoch: null, deletableCounts: counts(1, 0) },
    });
    expect(local.chain.view.registeredObject(first as ObjectId)).toBeUndefined();
  });

  test('is permanent as soon as one object is, even uncertified', async () => {
    const blob = { rootByte: 8 };
    const deletable = await registerBlob(local, { ...blob, deletable: true });
    await certifyBlob(local, deletable, { ...blob, deletable: true });
    await registerBlob(local, { ...blob, epochs: 9 });
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toMatchObject({
      permanent: { endEpoch: 10, isCertified: false, deletableCounts: counts(1, 1) },
    });
    const shorter = await registerBlob(local, { ...blob, epochs: 2 });
    const { record } = await certifyBlob(local, shorter, blob);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual({
      permanent: {
        endEpoch: 3,
        isCertified: true,
        statusEvent: { txDigest: record.digest, eventSeq: '0' },
        deletableCounts: counts(1, 1),
        initialCertifiedEpoch: 1,
      },
    });
  });

  test('stays permanent when the object is burnt, which no event tells', async () => {
    const blob = { rootByte: 9 };
    const objectId = await registerBlob(local, blob);
    await execute(local, (transaction) => {
      transaction.moveCall({
        target: `${local.walrusPackage}::blob::burn`,
        arguments: [transaction.object(objectId)],
      });
    });
    expect(local.chain.view.isRegistered(blobIdOf(blob))).toBe(true);
  });

  test('is invalid once nodes with more than a third of the shards say so', async () => {
    const blob = { rootByte: 10 };
    await registerBlob(local, blob);
    const message = invalidBlobMessage(1, blobIdOf(blob));
    const invalidate = (signers: readonly number[]) => {
      const { signature, bitmap } = certificate(local, message, signers);
      return execute(local, (transaction) => {
        transaction.moveCall({
          target: `${local.walrusPackage}::system::invalidate_blob_id`,
          arguments: [
            transaction.object(local.chain.networkIds.systemObjectId),
            ...[signature, bitmap, message].map((bytes) => transaction.pure.vector('u8', bytes)),
          ],
        });
      });
    };
    const { record } = await invalidate([0, 1, 2]);
    expect(local.chain.view.blobStatus(blobIdOf(blob))).toEqual({
      invalid: { event: { txDigest: record.digest, eventSeq: '0' } },
    });
    expect(local.chain.view.isRegistered(blobIdOf(blob))).toBe(false);
    await expect(invalidate([1])).rejects.toThrow(/verify_certificate_and_weight/);
  });

  test('of an unknown blob is nonexistent', () => {
    expect(local.chain.view.blobStatus(parseBlobId('A'.repeat(43)))).toBe('nonexistent');
  });

  test('lists certified blobs in pages, by blob ID', async () => {
    const blobs = [11, 12, 13].map((rootByte) => ({ rootByte }));
    for (const blob of blobs) await certifyBlob(local, await registerBlob(local, blob), blob);
    await registerBlob(local, { rootByte: 14 });
    const ids = blobs.map(blobIdOf).toSorted();
    const first = local.chain.view.certifiedBlobs({ limit: 2 });
    expect(first.map(({ blobId }) => blobId)).toEqual(ids.slice(0, 2));
    const after = first.at(-1)?.blobId;
    const rest = local.chain.view.certifiedBlobs({ limit: 2, ...(after ? { after } : {}) });
    expect(rest).toMatchObject([{ blobId: ids[2], initialCertifiedEpoch: 1, sizeBytes: 1_000 }]);
  });

  async function deleteBlob(objectId: string): Promise<void> {
    await execute(local, (transaction) => {
      const storage = transaction.moveCall({
        target: `${local.walrusPackage}::system::delete_blob`,
        arguments: [
          transaction.object(local.chain.networkIds.systemObjectId),
          transaction.object(objectId),
        ],
      });
      transaction.transferObjects([storage], local.owner);
    });
  }
});

test('the state of staking is what its layout says', () => {
  const bytes = stakingStateLayout.serialize(stakingState()).toBytes();
  expect(stakingStateLayout.parse(bytes)).toEqual(stakingState());
});
