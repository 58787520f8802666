/**
 * @file What a committee is believed to say of a blob: its status and its spread.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { encodeBlob } from '#engine/codec/rs2.ts';
import { sliverPairIndex } from '#engine/model/ids.ts';
import {
  placeAt,
  startScriptedCommittee,
  type ScriptedCommittee,
} from '#test/support/scripted-committee.ts';
import { success, type Fault } from '#test/support/scripted-node.ts';
import { parseBlobStatus } from './blob-status.ts';

const open: ScriptedCommittee[] = [];

async function start(weights: readonly number[]): Promise<ScriptedCommittee> {
  const committee = await startScriptedCommittee({ weights });
  open.push(committee);
  return committee;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((committee) => committee.close()));
});

const permanent = { kind: 'permanent' } as const;
const payload = Buffer.from('spread over thirteen shards');

const counts = { count_deletable_total: 1, count_deletable_certified: 1 };
const deletable = success({ deletable: { initialCertifiedEpoch: 1, deletableCounts: counts } });
const certified = (endEpoch: number): Fault =>
  success({
    permanent: {
      endEpoch,
      isCertified: true,
      statusEvent: { txDigest: 'CmMvmhshP1zm9krJ6pB9pXFjnsTtdX1btSC8FK9pqce5', eventSeq: '0' },
      deletableCounts: counts,
      initialCertifiedEpoch: 1,
    },
  });

describe('blobStatus', () => {
  test.each<{
    name: string;
    weights: number[];
    answers: (Fault | undefined)[];
    kind: string;
    weight: number;
  }>([
    { name: 'of one node', weights: [4], answers: [deletable], kind: 'deletable', weight: 4 },
    {
      name: 'of two nodes',
      weights: [6, 7],
      answers: [deletable, deletable],
      kind: 'deletable',
      weight: 13,
    },
    {
      name: 'while nodes with f shards are dead',
      weights: [3, 3, 3, 2, 2],
      answers: [deletable, deletable, deletable, 'reset', 'reset'],
      kind: 'deletable',
      weight: 9,
    },
    {
      name: 'of the highest rank that more than f shards give',
      weights: [5, 4, 4],
      answers: [certified(7), deletable, success('nonexistent')],
      kind: 'permanent',
      weight: 5,
    },
    {
      name: 'without believing f shards that claim more',
      weights: [4, 5, 4],
      answers: [certified(99), deletable, success('nonexistent')],
      kind: 'deletable',
      weight: 5,
    },
    {
      name: 'without counting unreadable answers',
      weights: [4, 9],
      answers: [success({ permanent: { endEpoch: 'soon' } }), success('nonexistent')],
      kind: 'nonexistent',
      weight: 9,
    },
  ])('gives the status $name', async ({ weights, answers, kind, weight }) => {
    const scripted = await start(weights);
    for (const [index, { node }] of scripted.members.entries()) node.fault = () => answers[index];
    const blob = await encodeBlob(payload, scripted.committee.shardCount);
    const network = scripted.connect();
    const answer = await network.blobStatus(blob.blobId, scripted.committee);
    expect(answer.status.kind).toBe(kind);
    expect(answer.shardWeight).toBe(weight);
  });

  test('is quorum-missing when every node says something else', async () => {
    const scripted = await start([4, 3, 3, 3]);
    for (const [index, { node }] of scripted.members.entries()) {
      node.fault = () => certified(index);
    }
    const blob = await encodeBlob(payload, 13);
    const attempt = scripted.connect().blobStatus(blob.blobId, scripted.committee);
    await expect(attempt).rejects.toHaveProperty('code', 'quorum-missing');
  });

  test.each([
    { name: 'a number', json: 7 },
    { name: 'nothing', json: null },
    { name: 'an unknown kind', json: { fancy: {} } },
    {
      name: 'counts below zero',
      json: { deletable: { deletableCounts: { count_deletable_total: -1 } } },
    },
    { name: 'an inherited name', json: 'constructor' },
  ])('does not read $name', ({ json }) => {
    expect(parseBlobStatus(json)).toBeUndefined();
  });
});

describe('spread', () => {
  test('counts the shards whose nodes sign, and asks the others shard by shard', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload, 13);
    for (const { node, storageNode } of scripted.members.slice(0, 3))
      placeAt(node, storageNode, blob);
    const half = scripted.members[2];
    const lost = scripted.committee.members[2]?.shards[1];
    if (!half || lost === undefined) throw new Error('no member');
    const [firstKey] = [...half.node.store(blob.blobId).slivers.keys()].slice(2);
    half.node.store(blob.blobId).slivers.delete(firstKey ?? '');
    const answer = await scripted
      .connect()
      .spread(blob.blobId, scripted.committee, { persistence: permanent });
    expect(answer).toEqual({ storedShards: 9, shardCount: 13, missingShards: [lost, 10, 11, 12] });
  });

  test('does not count nodes that are dead or have forgotten the blob', async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload, 13);
    scripted.place(blob);
    await scripted.members[0]?.node.close();
    const forgetful = scripted.members[1];
    // After a deletion the slivers' status still says stored.
    if (forgetful) forgetful.node.isRegistered = false;
    const answer = await scripted.connect().spread(blob.blobId, scripted.committee);
    expect(answer.storedShards).toBe(6);
  });

  test('does not count a confirmation that is forged', async () => {
    const scripted = await start([9, 4]);
    const blob = await encodeBlob(payload, 13);
    scripted.place(blob);
    const [first, second] = scripted.members;
    if (!first || !second) throw new Error('no members');
    const { storageNode } = first;
    const committee = {
      ...scripted.committee,
      members: [{ ...storageNode, publicKey: second.storageNode.publicKey }, second.storageNode],
    };
    const answer = await scripted
      .connect()
      .spread(blob.blobId, committee, { persistence: permanent });
    expect(answer.storedShards).toBe(4);
  });

  test("finds another pair's sliver in the right place only when thorough", async () => {
    const scripted = await start([4, 3, 3, 3]);
    const blob = await encodeBlob(payload, 13);
    scripted.place(blob);
    const [first] = scripted.members;
    const slivers = first?.node.store(blob.blobId).slivers;
    const [key] = [...(slivers?.keys() ?? [])];
    const other = key === '7-primary' ? 8 : 7;
    slivers?.set(key ?? '', blob.sliver(sliverPairIndex(other), 'primary'));
    const network = scripted.connect();
    const { committee } = scripted;
    const told = await network.spread(blob.blobId, committee, { persistence: permanent });
    expect(told.storedShards).toBe(13);
    const read = await network.spread(blob.blobId, committee, { isThorough: true });
    expect(read.storedShards).toBe(12);
  });
});
