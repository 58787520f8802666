import { afterEach, describe, expect, test } from 'vitest';
import { startNodeGroup, type NodeGroup, type NodeGroupOptions } from '#test/support/node-group.ts';
import { askNode, makeBlob, makeInconsistent } from '#test/support/stored-blob.ts';
import { verifyAggregate } from '#engine/codec/bls.ts';
import type { StorageNode as CommitteeMember } from '#engine/model/walrus.ts';
import { epoch, shardIndex } from '#engine/model/ids.ts';
import type { StorageNode } from './storage-node.ts';

const FOUR_NODES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8, 9],
  [10, 11, 12],
] as const;

const empty = new Uint8Array();

let group: NodeGroup | undefined;
afterEach(async () => {
  await group?.close();
  group = undefined;
});

async function start(options: Partial<NodeGroupOptions> = {}): Promise<NodeGroup> {
  group = await startNodeGroup({ shards: FOUR_NODES, ...options });
  return group;
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${String(index)}`);
  return found;
}

const member = (index: number): CommitteeMember => at(group?.committee.members ?? [], index);
const node = (index: number): StorageNode => at(group?.nodes ?? [], index);

/** Wait for a state, not for a time. */
async function until(isReached: () => Promise<boolean>): Promise<void> {
  while (!(await isReached())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a storage node', () => {
  test('confirms a blob once all its slivers are stored', async () => {
    const blob = await makeBlob(await start());
    blob.register();
    expect((await blob.confirmation(member(0))).outcome).toBe('MISSING_SLIVERS');
    await blob.storeOn(member(0));
    expect((await blob.confirmation(member(0))).status).toBe(200);
    const sliver = await askNode(member(0), blob.sliverPath(1, 'secondary'));
    expect(Buffer.compare(sliver.bytes, blob.sliver(1, 'secondary'))).toBe(0);
  });

  test.each([
    { what: 'sliver', path: 'sliver' },
    { what: 'metadata', path: 'metadata' },
  ] as const)('that forges $what serves other bytes than it stored', async ({ what }) => {
    const blob = await makeBlob(await start());
    blob.register();
    await blob.storeOn(member(0));
    const path = what === 'sliver' ? blob.sliverPath(0, 'primary') : `${blob.path}/metadata`;
    const honest = await askNode(member(0), path);
    node(0).forge(what);
    const forged = await askNode(member(0), path);
    expect(forged.bytes.length).toBe(honest.bytes.length);
    expect(Buffer.compare(forged.bytes, honest.bytes)).not.toBe(0);
  });

  test('refuses to sign for the object of another blob', async () => {
    const running = await start();
    const blob = await makeBlob(running);
    const other = await makeBlob(running, { seed: 2 });
    blob.register();
    other.register();
    await blob.storeOn(member(0));
    const path = `${blob.path}/confirmation/deletable/${other.objectId}`;
    expect((await askNode(member(0), path)).outcome).toBe('NOT_REGISTERED');
    expect((await askNode(member(0), `${blob.path}/confirmation/permanent`)).outcome).toBe(
      'NOT_REGISTERED',
    );
  });

  test('refuses to serve a blocked blob', async () => {
    const blob = await makeBlob(await start());
    blob.register();
    await blob.storeOn(member(0));
    node(0).block(blob.blobId);
    expect((await askNode(member(0), `${blob.path}/metadata`)).status).toBe(451);
    expect((await askNode(member(0), blob.sliverPath(0, 'primary'))).status).toBe(451);
  });

  test('refuses metadata of a blob that was invalidated', async () => {
    const running = await start();
    const blob = await makeBlob(running);
    blob.register();
    running.chain.emit({ kind: 'blob-invalid', blobId: blob.blobId });
    expect((await blob.putMetadata(member(0))).outcome).toBe('INVALID_BLOB');
    expect((await askNode(member(0), `${blob.path}/status`)).outcome).toHaveProperty('invalid');
  });

  test('waits for a registration as long as it was asked to', async () => {
    const blob = await makeBlob(await start());
    const asked = askNode(
      member(0),
      `${blob.path}/confirmation/permanent?wait_for_registration=true&wait_millis=60000`,
    );
    await askNode(member(0), '/health');
    blob.register({ deletable: false });
    expect((await asked).outcome).toBe('MISSING_SLIVERS');
  });

  test('hears of events late while it lags', async () => {
    const blob = await makeBlob(await start());
    node(0).setLag(3_600_000);
    blob.register();
    expect((await blob.putMetadata(member(0))).outcome).toBe('NOT_REGISTERED');
    expect((await blob.putMetadata(member(1))).status).toBe(201);
    node(0).setLag(0);
    expect((await blob.putMetadata(member(0))).status).toBe(201);
  });

  test('keeps what was stored over a restart, and learns what happened meanwhile', async () => {
    const running = await start();
    const blob = await makeBlob(running);
    blob.register();
    await blob.storeOn(member(0));
    await node(0).stop();
    blob.certify();
    await node(0).start();
    expect((await blob.confirmation(member(0))).status).toBe(200);
    expect((await askNode(member(0), `${blob.path}/status`)).outcome).toMatchObject({
      deletable: { initialCertifiedEpoch: 1 },
    });
  });
});

describe('uploads ahead of their registration', () => {
  const buffering = { behaviour: { pendingUploadsTtlMs: 60_000 } } as const;

  test('are buffered when asked for, and stored with the registration', async () => {
    const blob = await makeBlob(await start(buffering));
    expect((await blob.putMetadata(member(0), '?pending=true')).status).toBe(202);
    expect((await blob.putSliver(member(0), 0, 'primary', '?pending=true')).status).toBe(202);
    expect((await blob.putSliver(member(0), 0, 'primary', '?pending=true')).status).toBe(200);
    const status = `${blob.sliverPath(0, 'primary')}/status`;
    expect((await askNode(member(0), status)).outcome).toBe('buffered');
    blob.register();
    expect((await askNode(member(0), status)).outcome).toBe('stored');
    expect((await askNode(member(0), blob.sliverPath(0, 'primary'))).status).toBe(200);
  });

  test('find no room in a production build', async () => {
    const blob = await makeBlob(await start());
    expect((await blob.putMetadata(member(0), '?pending=true')).outcome).toBe('CACHE_SATURATED');
  });
});

describe('a fault of a storage node', () => {
  test('killed: connections are reset, and refused afterwards', async () => {
    await start();
    node(0).setDelay(3_600_000);
    const asked = askNode(member(0), '/health');
    const failure = asked.catch((error: unknown) => error);
    await askNode(member(1), '/health');
    await node(0).kill();
    expect(await failure).toMatchObject({
      code: expect.stringMatching(/ECONNRE(SET|FUSED)/) as string,
    });
    await expect(askNode(member(0), '/health')).rejects.toThrow();
    node(0).setDelay(0);
    await node(0).start();
    expect((await askNode(member(0), '/health')).status).toBe(200);
  });

  test('hanging: the connection stands, no answer comes', async () => {
    await start();
    await node(0).hang();
    const signal = AbortSignal.timeout(100);
    await expect(askNode(member(0), '/health', { signal })).rejects.toThrow();
    await node(0).start();
    expect((await askNode(member(0), '/health')).status).toBe(200);
  });

  test('refusing: no connection is made, events are still handled', async () => {
    const blob = await makeBlob(await start());
    await node(0).refuse();
    await expect(askNode(member(0), '/health')).rejects.toThrow();
    blob.register();
    await node(0).start();
    expect((await blob.putMetadata(member(0))).status).toBe(201);
  });

  test('a lost disk: everything is gone until the node is healed', async () => {
    const blob = await makeBlob(await start());
    blob.register();
    for (const each of group?.committee.members ?? []) await blob.storeOn(each);
    blob.certify();
    node(2).loseDisk();
    expect((await blob.confirmation(member(2))).outcome).toBe('MISSING_SLIVERS');
    expect(await node(2).heal()).toEqual({ recoveredSlivers: 8, missingSlivers: 0 });
    expect((await blob.confirmation(member(2))).status).toBe(200);
  });

  test.each(['primary', 'secondary', 'metadata'] as const)(
    'damaged %s files: served as they are, found and repaired by healing',
    async (what) => {
      const blob = await makeBlob(await start());
      blob.register();
      for (const each of group?.committee.members ?? []) await blob.storeOn(each);
      blob.certify();
      expect(node(0).corrupt(what)).toBe(what === 'metadata' ? 1 : 3);
      const path = what === 'metadata' ? `${blob.path}/metadata` : blob.sliverPath(0, what);
      const damaged = await askNode(member(0), path);
      expect(damaged.status).toBe(200);
      await node(0).heal();
      const repaired = await askNode(member(0), path);
      expect(Buffer.compare(repaired.bytes, damaged.bytes)).not.toBe(0);
      const good = await askNode(member(1), `${blob.path}/metadata`);
      const wanted = what === 'metadata' ? good.bytes : blob.sliver(0, what);
      expect(Buffer.compare(repaired.bytes, wanted)).toBe(0);
    },
  );
});

describe('recovery', () => {
  test('gives a node that was left out its slivers once the blob is certified', async () => {
    const blob = await makeBlob(await start());
    blob.register();
    for (const index of [0, 1, 2]) await blob.storeOn(member(index));
    blob.certify();
    await until(async () => (await blob.confirmation(member(3))).status === 200);
    const recovered = await askNode(member(3), blob.sliverPath(11, 'primary'));
    expect(Buffer.compare(recovered.bytes, blob.sliver(11, 'primary'))).toBe(0);
  });

  test('rebuilds few slivers from symbols with proofs, without those of damaged nodes', async () => {
    const shards = [[0], [1, 2, 3], [4, 5, 6, 7, 8], [9, 10, 11, 12]];
    const blob = await makeBlob(await start({ shards, recoveryQuietMs: 3_600_000 }));
    blob.register();
    for (const each of group?.committee.members ?? []) await blob.storeOn(each);
    blob.certify();
    // 9 of 13 shards are left: exactly what a primary sliver takes.
    node(1).corrupt('primary');
    node(1).corrupt('secondary');
    node(0).loseDisk();
    expect(await node(0).heal()).toEqual({ recoveredSlivers: 2, missingSlivers: 0 });
    const healed = await askNode(member(0), blob.sliverPath(0, 'primary'));
    expect(Buffer.compare(healed.bytes, blob.sliver(0, 'primary'))).toBe(0);
  });

  test('says what the other nodes could not give', async () => {
    const blob = await makeBlob(await start({ recoveryQuietMs: 3_600_000 }));
    blob.register();
    for (const each of group?.committee.members ?? []) await blob.storeOn(each);
    blob.certify();
    for (const index of [0, 1, 3]) await node(index).stop();
    node(2).loseDisk();
    expect(await node(2).heal()).toEqual({ recoveredSlivers: 0, missingSlivers: 8 });
  });

  test('leaves a blob alone while its writer is still uploading', async () => {
    const running = await start({ recoveryQuietMs: 3_600_000 });
    const blob = await makeBlob(running);
    blob.register();
    for (const index of [0, 1, 2]) await blob.storeOn(member(index));
    blob.certify();
    expect((await blob.confirmation(member(3))).outcome).toBe('MISSING_SLIVERS');
    expect(node(3).openWorkCount).toBe(1);
  });
});

describe('a blob that was encoded wrongly', () => {
  test('is found out in recovery, proven to the others, and reported', async () => {
    const running = await start();
    // Nobody can be given the sliver with the wrong hash, so its node has to recover it.
    const honest = await makeBlob(running);
    const blob = await makeInconsistent(running, honest, 'primary');
    blob.register();
    for (const each of running.committee.members) await blob.storeOn(each);
    blob.certify();
    await until(async () => running.invalidBlobs.length > 0);
    const [certificate] = running.invalidBlobs;
    expect(certificate?.blobId).toBe(blob.blobId);
    expect((await askNode(member(0), `${blob.path}/status`)).outcome).toHaveProperty('invalid');
    const signers = running.committee.members.filter(
      ({ memberIndex }) => ((certificate?.signersBitmap[0] ?? 0) >> memberIndex) & 1,
    );
    expect(signers.flatMap(({ shards }) => shards).length).toBeGreaterThanOrEqual(5);
    const keys = signers.map(({ publicKey }) => publicKey);
    const { message, signature } = certificate ?? { message: empty, signature: empty };
    expect(await verifyAggregate(keys, message, signature)).toBe(true);
  });

  test('is not believed without a proof', async () => {
    const blob = await makeBlob(await start());
    blob.register();
    await blob.storeOn(member(0));
    const path = `${blob.path}/inconsistencyProof/primary`;
    const nothing = Uint8Array.of(0, 0, 0);
    const answer = await askNode(member(0), path, { method: 'POST', body: nothing });
    expect(answer.outcome).toBe('INVALID_PROOF');
  });
});

describe('an epoch change', () => {
  test('moves shards to their new owner, who reports them', async () => {
    const running = await start({ recoveryQuietMs: 3_600_000 });
    const blob = await makeBlob(running);
    blob.register();
    for (const each of running.committee.members) await blob.storeOn(each);
    blob.certify();
    const moved = running.committee.members.map((one, index) => ({
      ...one,
      shards: (index === 2 ? [6, 7, 8] : index === 3 ? [9, 10, 11, 12] : one.shards).map(
        shardIndex,
      ),
    }));
    running.chain.startEpoch(moved);
    // Until the change is done the old owner still serves what it lost.
    expect((await askNode(member(2), blob.sliverPath(9, 'primary'))).status).toBe(200);
    await until(async () => running.chain.reports.length === 4);
    running.chain.finishEpochChange();
    const taken = await askNode(member(3), blob.sliverPath(9, 'secondary'));
    expect(Buffer.compare(taken.bytes, blob.sliver(9, 'secondary'))).toBe(0);
    expect((await askNode(member(2), blob.sliverPath(9, 'primary'))).outcome).toBe(
      'SHARD_NOT_ASSIGNED',
    );
    expect((await blob.confirmation(member(3))).status).toBe(200);
    expect(running.log).toEqual([]);
  });

  test('recovers a moved shard whose previous owner is dead', async () => {
    const running = await start({ recoveryQuietMs: 3_600_000 });
    const blob = await makeBlob(running);
    blob.register();
    for (const each of running.committee.members) await blob.storeOn(each);
    blob.certify();
    await node(1).kill();
    const moved = running.committee.members.map((one, index) => ({
      ...one,
      shards: (index === 1 ? [3, 4] : index === 3 ? [5, 10, 11, 12] : one.shards).map(shardIndex),
    }));
    running.chain.startEpoch(moved);
    await until(async () => running.chain.reports.length === 3);
    const taken = await askNode(member(3), blob.sliverPath(5, 'primary'));
    expect(Buffer.compare(taken.bytes, blob.sliver(5, 'primary'))).toBe(0);
  });

  test('collects what expired or was deleted', async () => {
    const running = await start();
    const [kept, expiring, deleted] = await Promise.all(
      [1, 2, 3].map((seed) => makeBlob(running, { seed })),
    );
    if (!kept || !expiring || !deleted) throw new Error('three blobs');
    kept.register();
    expiring.register({ endEpoch: 2 });
    deleted.register();
    for (const blob of [kept, expiring, deleted]) await blob.storeOn(member(0));
    deleted.delete();
    const stored = async (blob: typeof kept) =>
      (await askNode(member(0), `${blob.path}/metadata/status`)).outcome;
    expect(await stored(deleted)).toBe('stored');
    running.chain.startEpoch();
    expect(await Promise.all([kept, expiring, deleted].map(stored))).toEqual([
      'stored',
      'nonexistent',
      'nonexistent',
    ]);
    expect((await askNode(member(0), `${expiring.path}/status`)).outcome).toBe('nonexistent');
  });

  test('changes the epoch that confirmations name', async () => {
    const running = await start();
    const blob = await makeBlob(running);
    blob.register();
    await blob.storeOn(member(0));
    running.chain.startEpoch();
    const { outcome } = await blob.confirmation(member(0));
    const { serializedMessage } = (outcome as { signed: { serializedMessage: string } }).signed;
    const start4 = Buffer.from(serializedMessage, 'base64').subarray(3, 7);
    expect(start4.readUInt32LE()).toBe(epoch(2));
  });
});
