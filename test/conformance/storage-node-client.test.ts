/**
 * Goal: the engine's storage-node client works with storage nodes of both releases, over plain and
 * pinned connections, at small and real shard counts, and with as many of them broken as the
 * protocol allows.
 * Method: real storage nodes on loopback sockets and disk, broken by their own fault switches.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { verifyAggregate } from '#engine/codec/bls.ts';
import { encodeBlob, type EncodedBlob } from '#engine/codec/rs2.ts';
import {
  epoch,
  shardIndex,
  sliverPairIndex,
  type ObjectId,
  type SliverPairIndex,
} from '#engine/model/ids.ts';
import {
  faultyShardsMax,
  isQuorum,
  type Certificate,
  type Committee,
  type Persistence,
  type SliverAxis,
} from '#engine/model/walrus.ts';
import { sliverCodec } from '#engine/sliver-codec.ts';
import type { Limits } from '#engine/walrus/limits.ts';
import { openStorageNetwork, type StorageNetwork } from '#engine/walrus/storage-network.ts';
import type { BehaviourProfile } from '#localnet/nodes/behaviour.ts';
import type { StorageNode } from '#localnet/nodes/storage-node.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { numberedId, startNodeGroup, type NodeGroup } from '#test/support/node-group.ts';

/** Deals `shardCount` shards out to nodes whose weights differ slightly. */
function unequalShards(shardCount: number, nodeCount: number): number[][] {
  const shards: number[][] = Array.from({ length: nodeCount }, () => []);
  for (let shard = 0; shard < shardCount; shard += 1) {
    // Every seventh round skips the first half of the nodes.
    const round = Math.floor(shard / nodeCount);
    const index = round % 7 === 6 ? nodeCount - 1 - (shard % Math.ceil(nodeCount / 2)) : shard;
    shards[index % nodeCount]?.push(shard);
  }
  return shards;
}

interface Shape {
  readonly name: string;
  readonly shards: readonly (readonly number[])[];
  readonly blobBytes: number;
}

const shapes: readonly Shape[] = [
  {
    name: '13 shards',
    shards: [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8, 9],
      [10, 11, 12],
    ],
    blobBytes: 400_000,
  },
  { name: '100 shards', shards: unequalShards(100, 16), blobBytes: 2_500_000 },
  { name: '1000 shards', shards: unequalShards(1000, 25), blobBytes: 900_000 },
];

const worlds = (['current', 'walrus-1.32'] as const).flatMap((behaviour) =>
  [false, true].flatMap((isTls) =>
    shapes
      // A thousand shards take a minute: each release once, and each kind of connection once.
      .filter(({ shards }) => shards.flat().length < 1000 || isTls === (behaviour !== 'current'))
      .map((shape) => ({
        name: `${behaviour}, ${isTls ? 'https' : 'http'}, ${shape.name}`,
        behaviour,
        isTls,
        shape,
      })),
  ),
);

/** The same rules with less patience, since broken nodes are the point here. */
const limits: Partial<Limits> = {
  answerTimeoutMs: 5_000,
  attemptsMax: 3,
  backoffMs: { first: 20, max: 100 },
  registrationBackoffMs: { first: 20, max: 200 },
};

const silentLogger = { info: () => undefined, warn: () => undefined };
const permanent: Persistence = { kind: 'permanent' };

class World {
  readonly group: NodeGroup;
  readonly network: StorageNetwork;
  readonly #blobBytes: number;
  #blobCount = 0;

  private constructor(group: NodeGroup, network: StorageNetwork, blobBytes: number) {
    this.group = group;
    this.network = network;
    this.#blobBytes = blobBytes;
  }

  static async open(shape: Shape, behaviour: BehaviourProfile, isTls: boolean): Promise<World> {
    const group = await startNodeGroup({ shards: shape.shards, behaviour, isTls });
    const network = openStorageNetwork({
      scheme: isTls ? 'https' : 'http',
      trust: isTls ? 'pinned' : 'none',
      codec: sliverCodec,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      limits,
    });
    return new World(group, network, shape.blobBytes);
  }

  /** A blob that no other test has, known to the chain. */
  async makeBlob(options: { readonly isDeletable?: boolean } = {}): Promise<{
    readonly payload: Buffer;
    readonly blob: EncodedBlob;
    readonly objectId: ObjectId;
  }> {
    this.#blobCount += 1;
    const seed = this.#blobCount;
    const payload = Buffer.alloc(this.#blobBytes);
    for (let i = 0; i < payload.length; i += 1) payload[i] = (i * seed + (i >> 8)) & 255;
    const blob = await encodeBlob(payload, this.group.committee.shardCount);
    const objectId = numberedId(1000 + seed);
    this.group.chain.emit({
      kind: 'blob-registered',
      blobId: blob.blobId,
      objectId,
      deletable: options.isDeletable === true,
      sizeBytes: payload.length,
      encodingType: 1,
      endEpoch: epoch(40),
    });
    return { payload, blob, objectId };
  }

  /** Upload and wait for the tail. */
  async store(
    blob: EncodedBlob,
    persistence: Persistence = permanent,
    committee: Committee = this.group.committee,
  ): Promise<{ readonly certificate: Certificate; readonly storedShards: number }> {
    const { certificate, tail } = await this.network.upload(blob, { committee, persistence });
    return { certificate, storedShards: (await tail.done).storedShards };
  }

  /** The first nodes that together hold at most `shardsMax` shards. */
  someNodes(shardsMax: number): {
    readonly nodes: readonly StorageNode[];
    readonly weight: number;
  } {
    const nodes: StorageNode[] = [];
    let weight = 0;
    for (const [index, member] of this.group.committee.members.entries()) {
      const node = this.group.nodes[index];
      if (!node || weight + member.shards.length > shardsMax) continue;
      nodes.push(node);
      weight += member.shards.length;
    }
    return { nodes, weight };
  }

  async healAll(): Promise<void> {
    await Promise.all(this.group.nodes.map((node) => node.heal()));
  }

  async close(): Promise<void> {
    await this.network.close();
    await this.group.close();
  }
}

async function expectGenuine(committee: Committee, certificate: Certificate): Promise<void> {
  const signers = committee.members.filter(
    ({ memberIndex }) =>
      ((certificate.signersBitmap[memberIndex >> 3] ?? 0) & (1 << (memberIndex & 7))) !== 0,
  );
  const weight = signers.reduce((sum, { shards }) => sum + shards.length, 0);
  expect(certificate.shardWeight).toBe(weight);
  expect(isQuorum(weight, committee.shardCount)).toBe(true);
  expect(certificate.signersBitmap).toHaveLength(Math.ceil(committee.members.length / 8));
  const keys = signers.map(({ publicKey }) => publicKey);
  expect(await verifyAggregate(keys, certificate.message, certificate.signature)).toBe(true);
}

describe.each(worlds)('nodes of $name', ({ shape, behaviour, isTls }) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(shape, behaviour, isTls);
  });
  afterEach(() => world.healAll());
  afterAll(() => world.close());

  const f = faultyShardsMax(shape.shards.flat().length);
  const shardCount = shape.shards.flat().length;

  test('a permanent blob is stored on all shards and read back, whole and in part', async () => {
    const { group, network } = world;
    const { committee } = group;
    const { payload, blob } = await world.makeBlob();
    const { certificate, storedShards } = await world.store(blob);
    await expectGenuine(committee, certificate);
    expect(storedShards).toBe(shardCount);
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
    for (const [offset, length] of [
      [0, 1],
      [payload.length - 3000, 3000],
      [1234, 70_000],
    ] as const) {
      const part = await network.readRange(blob.blobId, offset, length, { committee });
      expect(Buffer.compare(part, payload.subarray(offset, offset + length))).toBe(0);
    }
    const options = { persistence: permanent };
    expect(await network.spread(blob.blobId, committee, options)).toMatchObject({
      storedShards: shardCount,
    });
    const { status } = await network.blobStatus(blob.blobId, committee);
    expect(status).toMatchObject({ kind: 'permanent', isCertified: false, endEpoch: 40 });
  });

  test('a deletable blob is confirmed for its object, and the data serves a second object', async () => {
    const { network, group } = world;
    const { blob, objectId } = await world.makeBlob({ isDeletable: true });
    const persistence = { kind: 'deletable', blobObjectId: objectId } as const;
    const { certificate } = await world.store(blob, persistence);
    await expectGenuine(group.committee, certificate);
    expect(certificate.message).toHaveLength(72);
    const again = await network.requestConfirmations(blob, {
      committee: group.committee,
      persistence,
    });
    await expectGenuine(group.committee, again);
    const { status } = await network.blobStatus(blob.blobId, group.committee);
    expect(status.kind).toBe('deletable');
  });

  test('nodes that lag behind the chain are waited for', async () => {
    for (const node of world.group.nodes) node.setLag(400);
    const { blob } = await world.makeBlob();
    expect((await world.store(blob)).storedShards).toBe(shardCount);
  });

  test.each([
    { how: 'killed', breakIt: (node: StorageNode) => node.kill() },
    { how: 'hanging', breakIt: (node: StorageNode) => node.hang() },
  ])('f shards $how do not stop a write, and 2f do not stop a read', async ({ breakIt }) => {
    const { group, network } = world;
    const { committee } = group;
    const { payload, blob } = await world.makeBlob();
    expect((await world.store(blob)).storedShards).toBe(shardCount);

    const unwell = world.someNodes(f);
    await Promise.all(unwell.nodes.map(breakIt));
    const second = await world.makeBlob();
    const { certificate, tail } = await network.upload(second.blob, {
      committee,
      persistence: permanent,
    });
    await expectGenuine(committee, certificate);
    tail.stop();
    expect((await tail.done).storedShards).toBeLessThanOrEqual(shardCount - unwell.weight);

    const others = world.someNodes(2 * f).nodes.filter((node) => !unwell.nodes.includes(node));
    await Promise.all(others.map(breakIt));
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
    const part = await network.readRange(blob.blobId, 77, 999, { committee });
    expect(Buffer.compare(part, payload.subarray(77, 1076))).toBe(0);
  });

  test('nodes with f shards that forge confirmations are found out', async () => {
    const { group, network } = world;
    const liars = world.someNodes(f);
    for (const node of liars.nodes) node.forge('confirmation');
    const { blob } = await world.makeBlob();
    const { certificate, storedShards } = await world.store(blob);
    await expectGenuine(group.committee, certificate);
    expect(storedShards).toBe(shardCount - liars.weight);
    const found = network.nodeHealth().filter(({ invalidAnswerCount }) => invalidAnswerCount > 0);
    expect(found.length).toBeGreaterThanOrEqual(liars.nodes.length);
  });

  test.each(['sliver', 'metadata'] as const)(
    'nodes with 2f shards that forge every %s deliver no wrong byte',
    async (what) => {
      const { group, network } = world;
      const { payload, blob } = await world.makeBlob();
      await world.store(blob);
      for (const node of world.someNodes(2 * f).nodes) node.forge(what);
      const { committee } = group;
      const bytes = await network.readBlob(blob.blobId, { committee });
      expect(Buffer.compare(bytes, payload)).toBe(0);
      const part = await network.readRange(blob.blobId, 100, 50, { committee });
      expect(Buffer.compare(part, payload.subarray(100, 150))).toBe(0);
    },
  );

  test('nodes with 2f shards whose disks rot or are lost are replaced by the others', async () => {
    const { group, network } = world;
    const { payload, blob } = await world.makeBlob();
    await world.store(blob);
    for (const [index, node] of world.someNodes(2 * f).nodes.entries()) {
      if (index % 2 === 0) node.loseDisk();
      else node.corrupt('primary', blob.blobId);
    }
    const { committee } = group;
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
  });

  test('nodes that must not serve a blob say so, and it is believed of more than f shards', async () => {
    const { group, network } = world;
    const { blob } = await world.makeBlob();
    await world.store(blob);
    for (const node of group.nodes) node.block(blob.blobId);
    const attempt = network.readBlob(blob.blobId, { committee: group.committee });
    await expect(attempt).rejects.toHaveProperty('code', 'blob-blocked');
  });

  test("another pair's sliver in the right place never becomes wrong bytes", async () => {
    const { group, network } = world;
    const { committee } = group;
    const { payload, blob } = await world.makeBlob();
    // Somebody stores under each path of the first f pairs what belongs to the pair after it.
    const lie = {
      ...blob,
      sliverInto: (pair: SliverPairIndex, axis: SliverAxis, out: Uint8Array) =>
        blob.sliverInto(sliverPairIndex(pair < f ? pair + 1 : pair), axis, out),
    };
    const first = network.upload(lie, { committee, persistence: permanent });
    const isAccepted = await first.then(
      async ({ tail }) => (await tail.done).storedShards === shardCount,
      () => false,
    );
    // Only the older release takes the wrong sliver, and then confirms it.
    expect(isAccepted).toBe(behaviour === 'walrus-1.32');
    await world.store(blob);
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload)).toBe(0);
    const proved = await network.spread(blob.blobId, committee, { isThorough: true });
    expect(proved.storedShards).toBe(isAccepted ? shardCount - f : shardCount);
  });

  // Last, since the epoch stays.
  test('an epoch that begins in the middle is answered by asking again', async () => {
    const { group, network } = world;
    const { payload, blob } = await world.makeBlob();
    const before = group.committee;
    group.chain.startEpoch();
    group.chain.finishEpochChange();
    const attempt = network.upload(blob, { committee: before, persistence: permanent });
    await expect(attempt).rejects.toHaveProperty('code', 'epoch-changed');
    const { committee } = group.chain.view;
    const certificate = await network.requestConfirmations(blob, {
      committee,
      persistence: permanent,
    });
    expect(certificate.epoch).toBe(before.epoch + 1);
    await expectGenuine(committee, certificate);
    const bytes = await network.readBlob(blob.blobId, { committee, previousCommittee: before });
    expect(Buffer.compare(bytes, payload)).toBe(0);
  });
});

describe('shards that move to another node', () => {
  test('are served by the old node until the new one has them', async () => {
    const [shape] = shapes;
    if (!shape) throw new Error('no shape');
    const world = await World.open(shape, 'current', false);
    try {
      const { group, network } = world;
      const { payload, blob } = await world.makeBlob();
      await world.store(blob);
      const before = group.committee;
      const [first, second, ...rest] = before.members;
      if (!first || !second) throw new Error('no members');
      const moved = shardIndex(2);
      group.chain.startEpoch([
        { ...first, shards: first.shards.filter((shard) => shard !== moved) },
        { ...second, shards: [moved, ...second.shards] },
        ...rest,
      ]);
      const { committee } = group.chain.view;
      const bytes = await network.readBlob(blob.blobId, { committee, previousCommittee: before });
      expect(Buffer.compare(bytes, payload)).toBe(0);
    } finally {
      await world.close();
    }
  });
});
