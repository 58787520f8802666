/**
 * @file Reads from scripted storage nodes on real sockets: what is delivered when some of them
 * lie, lag, hang or have lost what they held. Never other bytes than those that were stored.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { epoch, parseBlobId, sliverPairIndex, type BlobId } from '#engine/model/ids.ts';
import { primarySourceCount } from '#engine/model/walrus.ts';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { sliverCodec } from '#engine/sliver-codec.ts';
import {
  placeAt,
  startScriptedCommittee,
  type CommitteeMember,
  type ScriptedCommittee,
} from '#test/support/scripted-committee.ts';
import { refusal, type Fault, type ScriptedRequest } from '#test/support/scripted-node.ts';

const open: ScriptedCommittee[] = [];

async function start(weights: readonly number[]): Promise<ScriptedCommittee> {
  const committee = await startScriptedCommittee({ weights });
  open.push(committee);
  return committee;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((committee) => committee.close()));
});

const payload = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) % 251);

const onePerNode = (count: number): number[] => Array.from({ length: count }, () => 1);

function memberOfPair(scripted: ScriptedCommittee, blobId: BlobId, pair: number): CommitteeMember {
  const { committee, members } = scripted;
  const shard = sliverCodec.shardOfPair(sliverPairIndex(pair), blobId, committee.shardCount);
  const member = members.find(({ storageNode }) => storageNode.shards.includes(shard));
  if (member === undefined) throw new Error('no member holds the shard');
  return member;
}

const onlyRoute =
  (route: ScriptedRequest['route'], fault: Fault) =>
  (request: ScriptedRequest): Fault | undefined =>
    request.route === route ? fault : undefined;

describe('readBlob', () => {
  test.each([
    { name: 'of one node', weights: [4], length: 1000 },
    { name: 'of two nodes', weights: [6, 7], length: 3000 },
    { name: 'of unequal nodes', weights: [1, 2, 3, 7], length: 30_000 },
    { name: 'of thirty-one nodes', weights: onePerNode(31), length: 50_000 },
    { name: 'that is empty', weights: [4, 3, 3, 3], length: 0 },
    { name: 'of one byte', weights: [4, 3, 3, 3], length: 1 },
  ])('gives a blob $name', async ({ weights, length }) => {
    const scripted = await start(weights);
    const blob = await encodeBlob(payload(length), scripted.committee.shardCount);
    scripted.place(blob);
    const { committee } = scripted;
    const bytes = await scripted.connect().readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(length))).toBe(0);
  });

  test('asks for exactly the slivers it needs while all is well', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    const { committee } = scripted;
    await scripted.connect({ limits: {} }).readBlob(blob.blobId, { committee });
    const asked = scripted.members.flatMap(({ node }) =>
      node.requests.filter(({ route }) => route === 'sliver'),
    );
    expect(asked.map(({ pair, axis }) => `${axis} ${String(pair)}`).toSorted()).toEqual(
      [0, 1, 2, 3, 4].map((pair) => `primary ${String(pair)}`),
    );
  });

  test.each<{ name: string; fault: Fault | undefined }>([
    { name: 'dead', fault: undefined },
    { name: 'hanging', fault: 'hang' },
    { name: 'resetting', fault: 'reset' },
    { name: 'without their disks', fault: refusal(404, 'SLIVER_NOT_FOUND') },
    {
      name: 'answering plain text',
      fault: { status: 500, body: 'boom', contentType: 'text/plain' },
    },
    { name: 'answering junk', fault: { status: 200, body: Buffer.alloc(500, 7) } },
    { name: 'answering nothing', fault: { status: 200, body: '' } },
    { name: 'answering far too much', fault: { status: 200, body: Buffer.alloc(300_000) } },
  ])('needs only n - 2f shards: the first eight of thirteen are $name', async ({ fault }) => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    for (let pair = 0; pair < 8; pair += 1) {
      const { node } = memberOfPair(scripted, blob.blobId, pair);
      if (fault === undefined) await node.close();
      else node.fault = () => fault;
    }
    const { committee } = scripted;
    const bytes = await scripted.connect().readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(30_000))).toBe(0);
  });

  test('replaces false slivers, counts them against their nodes and delivers no wrong byte', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    const lies: ((own: Uint8Array) => Uint8Array)[] = [
      (own) => Buffer.from(own).fill(own[9] === 0 ? 1 : 0, 9, 10),
      () => blob.sliver(sliverPairIndex(5), 'primary'),
      (own) => own.subarray(0, own.length - 1),
      () => blob.sliver(sliverPairIndex(3), 'secondary'),
    ];
    for (const [pair, lie] of lies.entries()) {
      const { node } = memberOfPair(scripted, blob.blobId, pair);
      const body = lie(blob.sliver(sliverPairIndex(pair), 'primary'));
      node.fault = onlyRoute('sliver', { status: 200, body });
    }
    const { committee } = scripted;
    const network = scripted.connect();
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(30_000))).toBe(0);
    const liars = network.nodeHealth().filter(({ invalidAnswerCount }) => invalidAnswerCount > 0);
    expect(liars).toHaveLength(lies.length);
    expect(liars.every(({ lastError }) => lastError?.code === 'node-invalid-answer')).toBe(true);
  });

  test('does not believe metadata of another blob', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(3000), 13);
    const other = await encodeBlob(payload(3001), 13);
    scripted.place(blob);
    const lie = Buffer.concat([Buffer.from(blob.blobId, 'base64url'), other.metadata]);
    for (const { node } of scripted.members.slice(0, 12)) {
      node.fault = onlyRoute('metadata', { status: 200, body: lie });
    }
    const { committee } = scripted;
    const bytes = await scripted.connect().readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(3000))).toBe(0);
  });

  test('falls back to secondary slivers where too few primary ones are good', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    for (const { node } of scripted.members) {
      node.fault = ({ route, axis }) =>
        route === 'sliver' && axis === 'primary' ? { status: 200, body: 'rotten' } : undefined;
    }
    const { committee } = scripted;
    const bytes = await scripted.connect().readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(30_000))).toBe(0);
  });

  test('says slivers-insufficient when one shard too many is lost', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(3000), 13);
    scripted.place(blob);
    for (const { node } of scripted.members.slice(0, 9)) {
      node.fault = onlyRoute('sliver', refusal(404, 'SLIVER_NOT_FOUND'));
    }
    const { committee } = scripted;
    const attempt = scripted.connect().readBlob(blob.blobId, { committee });
    await expect(attempt).rejects.toHaveProperty('code', 'slivers-insufficient');
  });

  test('says slivers-insufficient for a blob that nobody knows', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const { committee } = scripted;
    const unknown = parseBlobId('AzjyDtQ9921-9B5IL556dcY0ZAqWktbLA00f1QPvD6s');
    const attempt = scripted.connect().readBlob(unknown, { committee });
    await expect(attempt).rejects.toHaveProperty('code', 'slivers-insufficient');
  });

  test.each<{ name: string; route: ScriptedRequest['route'] }>([
    { name: 'its metadata', route: 'metadata' },
    { name: 'its slivers', route: 'sliver' },
  ])(
    'says blob-blocked when more than f shards refuse $name for legal reasons',
    async ({ route }) => {
      const scripted = await start(onePerNode(13));
      const blob = await encodeBlob(payload(3000), 13);
      scripted.place(blob);
      for (const { node } of scripted.members)
        node.fault = onlyRoute(route, refusal(451, 'FORBIDDEN_BLOB'));
      const { committee } = scripted;
      const attempt = scripted.connect().readBlob(blob.blobId, { committee });
      await expect(attempt).rejects.toHaveProperty('code', 'blob-blocked');
    },
  );

  test('waits a moment for nodes that have not heard of the blob yet', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(3000), 13);
    scripted.place(blob);
    for (const { node } of scripted.members) {
      node.fault = ({ route, earlier }) =>
        route === 'metadata' && earlier === 0 ? refusal(404, 'METADATA_NOT_FOUND') : undefined;
    }
    const { committee } = scripted;
    const bytes = await scripted.connect().readBlob(blob.blobId, { committee });
    expect(bytes).toHaveLength(3000);
  });

  test('finds a shard that is moving at the node it moves from', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(3000), 13);
    const members = scripted.committee.members;
    // In the new epoch every shard belongs to the next node, which has received nothing yet.
    const committee = {
      ...scripted.committee,
      epoch: epoch(2),
      members: members.map((member, index) => ({
        ...member,
        shards: members[(index + 1) % members.length]?.shards ?? [],
      })),
    };
    for (const { node, storageNode } of scripted.members) placeAt(node, storageNode, blob);
    const network = scripted.connect();
    const bytes = await network.readBlob(blob.blobId, {
      committee,
      previousCommittee: scripted.committee,
    });
    expect(Buffer.compare(bytes, payload(3000))).toBe(0);
  });

  test('does not wait for hung nodes, however patient it is with answers', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    // Eight of thirteen accept and never answer. Waiting for one of them would outlast this test.
    for (const { node } of scripted.members.slice(0, 8)) node.fault = () => 'hang';
    const { committee } = scripted;
    const network = scripted.connect({ limits: { answerTimeoutMs: 600_000 } });
    const bytes = await network.readBlob(blob.blobId, { committee });
    expect(Buffer.compare(bytes, payload(30_000))).toBe(0);
    const range = await network.readRange(blob.blobId, 6000, 100, { committee });
    expect(Buffer.compare(range, payload(30_000).subarray(6000, 6100))).toBe(0);
  });

  test('asks for the metadata of a blob once', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(3000), 13);
    scripted.place(blob);
    const { committee } = scripted;
    const network = scripted.connect();
    await network.readBlob(blob.blobId, { committee });
    await network.readRange(blob.blobId, 5, 10, { committee });
    const asked = scripted.members.flatMap(({ node }) =>
      node.requests.filter(({ route }) => route === 'metadata'),
    );
    expect(asked).toHaveLength(1);
  });

  test('asks a node that hung last in the next read', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    const { node } = memberOfPair(scripted, blob.blobId, 2);
    node.fault = () => 'hang';
    const network = scripted.connect();
    const { committee } = scripted;
    await network.readBlob(blob.blobId, { committee });
    const before = node.requests.length;
    await network.readBlob(blob.blobId, { committee });
    expect(node.requests.length).toBe(before);
  });

  test('reports progress in verified bytes', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    const seen: number[] = [];
    await scripted.connect().readBlob(blob.blobId, {
      committee: scripted.committee,
      onProgress: ({ receivedBytes, neededBytes }) => seen.push(receivedBytes / neededBytes),
    });
    expect(seen).toHaveLength(primarySourceCount(13));
    expect(seen.at(-1)).toBe(1);
  });

  test('rejects with the reason when aborted', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(3000), 13);
    scripted.place(blob);
    const controller = new AbortController();
    for (const { node } of scripted.members) {
      node.fault = ({ route }) => {
        if (route === 'sliver') controller.abort();
        return route === 'sliver' ? 'hang' : undefined;
      };
    }
    const attempt = scripted.connect().readBlob(blob.blobId, {
      committee: scripted.committee,
      signal: controller.signal,
    });
    await expect(attempt).rejects.toHaveProperty('name', 'AbortError');
  });
});

describe('readRange', () => {
  // 13 shards, 30,000 bytes: symbols of 668 bytes, rows of 6,012.
  test.each([
    { name: 'within one row', offset: 10, length: 100, rows: [0] },
    { name: 'of exactly one row', offset: 6012, length: 6012, rows: [1] },
    { name: 'across two rows', offset: 6000, length: 100, rows: [0, 1] },
    { name: 'of the last byte', offset: 29_999, length: 1, rows: [4] },
    { name: 'of everything', offset: 0, length: 30_000, rows: [0, 1, 2, 3, 4] },
    { name: 'of nothing', offset: 30_000, length: 0, rows: [] },
  ])('reads a range $name from the rows that hold it', async ({ offset, length, rows }) => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    const network = scripted.connect({ limits: {} });
    const { committee } = scripted;
    const bytes = await network.readRange(blob.blobId, offset, length, { committee });
    expect(Buffer.compare(bytes, payload(30_000).subarray(offset, offset + length))).toBe(0);
    const asked = scripted.members.flatMap(({ node }) =>
      node.requests.filter(({ route }) => route === 'sliver').map(({ pair }) => pair),
    );
    expect(asked.toSorted((a, b) => a - b)).toEqual(rows);
  });

  test.each<{ name: string; fault: Fault }>([
    { name: 'lost', fault: refusal(404, 'SLIVER_NOT_FOUND') },
    { name: 'false', fault: { status: 200, body: Buffer.alloc(6020) } },
    { name: 'late', fault: 'hang' },
  ])('rebuilds a row that is $name from any others', async ({ fault }) => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(30_000), 13);
    scripted.place(blob);
    memberOfPair(scripted, blob.blobId, 1).node.fault = onlyRoute('sliver', fault);
    const { committee } = scripted;
    const bytes = await scripted.connect().readRange(blob.blobId, 6000, 100, { committee });
    expect(Buffer.compare(bytes, payload(30_000).subarray(6000, 6100))).toBe(0);
  });

  test.each([
    { name: 'beyond the end', offset: 2990, length: 11 },
    { name: 'before the start', offset: -1, length: 2 },
    { name: 'of a fraction', offset: 0.5, length: 2 },
  ])('refuses a range $name', async ({ offset, length }) => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload(3000), 13);
    scripted.place(blob);
    const { committee } = scripted;
    const attempt = scripted.connect().readRange(blob.blobId, offset, length, { committee });
    await expect(attempt).rejects.toHaveProperty('code', 'usage');
  });
});

describe('readRange by symbols', () => {
  // 13 shards, 1,000,000 bytes: symbols of 22,224 bytes, rows of 200,016.
  const length = 1_000_000;
  const symbolBytes = 22_224;

  const routesAsked = (scripted: ScriptedCommittee): Set<string> =>
    new Set(scripted.members.flatMap(({ node }) => node.requests.map(({ route }) => route)));

  test.each([
    { name: 'inside one symbol', offset: 5, count: 100 },
    { name: 'across two symbols', offset: symbolBytes - 50, count: 100 },
    { name: 'across two rows', offset: 9 * symbolBytes - 50, count: 100 },
    { name: 'at the end', offset: length - 4000, count: 4000 },
  ])('reads a short range $name without a whole row', async ({ offset, count }) => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(length), 13);
    scripted.place(blob);
    const { committee } = scripted;
    const bytes = await scripted.connect().readRange(blob.blobId, offset, count, { committee });
    expect(Buffer.compare(bytes, payload(length).subarray(offset, offset + count))).toBe(0);
    expect(routesAsked(scripted)).toEqual(new Set(['metadata', 'recovery-symbols']));
  });

  test('asks the nodes of the columns when the node of the row is lost', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(length), 13);
    scripted.place(blob);
    await memberOfPair(scripted, blob.blobId, 2).node.close();
    const { committee } = scripted;
    const offset = 2 * 9 * symbolBytes + 100;
    const bytes = await scripted.connect().readRange(blob.blobId, offset, 300, { committee });
    expect(Buffer.compare(bytes, payload(length).subarray(offset, offset + 300))).toBe(0);
    expect(routesAsked(scripted).has('sliver')).toBe(false);
  });

  test.each<{ name: string; fault: Fault; isLie: boolean }>([
    { name: 'do not know the route', fault: { status: 404, body: '' }, isLie: false },
    { name: 'answer junk', fault: { status: 200, body: Buffer.alloc(99, 3) }, isLie: true },
    { name: 'answer no symbols', fault: { status: 200, body: Buffer.of(0) }, isLie: false },
    { name: 'hang', fault: 'hang', isLie: false },
  ])('reads the row where the nodes $name', async ({ fault, isLie }) => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(length), 13);
    scripted.place(blob);
    for (const { node } of scripted.members) node.fault = onlyRoute('recovery-symbols', fault);
    const { committee } = scripted;
    const network = scripted.connect();
    const bytes = await network.readRange(blob.blobId, 10, 100, { committee });
    expect(Buffer.compare(bytes, payload(length).subarray(10, 110))).toBe(0);
    const lies = network.nodeHealth().reduce((sum, node) => sum + node.invalidAnswerCount, 0);
    expect(lies > 0).toBe(isLie);
  });

  test('does not accept a true symbol of another place', async () => {
    const scripted = await start(onePerNode(13));
    const blob = await encodeBlob(payload(length), 13);
    scripted.place(blob);
    const { committee } = scripted;
    for (const { node } of scripted.members) {
      node.fault = ({ route, query }) => {
        if (route === 'recovery-symbols') query.set('id', '0-5');
        return undefined;
      };
    }
    const network = scripted.connect();
    const bytes = await network.readRange(blob.blobId, 10, 100, { committee });
    expect(Buffer.compare(bytes, payload(length).subarray(10, 110))).toBe(0);
    expect(routesAsked(scripted).has('sliver')).toBe(true);
  });
});
