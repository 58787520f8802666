/** Packs over a real local index, and storage nodes as their health tells. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scriptedClock } from '../../test/support/scripted-clock.ts';
import type { EngineEvent } from '#contract/events.ts';
import { Activity } from './activity.ts';
import type { EngineParts } from './engine-parts.ts';
import { openLocalIndex, type LocalIndex } from './local-index/local-index.ts';
import type { PackRecord } from './local-index/journal.ts';
import { EngineError } from './model/engine-error.ts';
import { epoch, shardIndex, type BlobId, type ObjectId, type PackId } from './model/ids.ts';
import type { NodeHealth } from './walrus/node-health.ts';

const SHARDS = 10;
const PACK = 'p1' as PackId;
const signal = new AbortController().signal;

let index: LocalIndex;
let events: EngineEvent[];
let health: Partial<NodeHealth>[];
let activity: Activity;
let answers: boolean;
const clock = scriptedClock();

const nodeIds = ['n0', 'n1', 'n2', 'n3'] as ObjectId[];
const system = {
  shardCount: SHARDS,
  committee: {
    epoch: epoch(1),
    shardCount: SHARDS,
    members: nodeIds.map((nodeId, at) => ({
      nodeId,
      name: `node ${String(at)}`,
      networkAddress: `host-${String(at)}:1`,
      shards: at === 0 ? [0, 1, 2].map(shardIndex) : [shardIndex(at + 2)],
    })),
  },
};

beforeEach(() => {
  index = openLocalIndex(':memory:');
  events = [];
  health = [];
  answers = true;
  activity = new Activity({
    index,
    options: { clock, logger: { info: () => undefined, warn: () => undefined } },
    emit: (event: EngineEvent) => events.push(event),
    chain: {
      readSystem: async () => {
        if (!answers) throw new EngineError('rpc-unreachable', 'nobody answers');
        return system;
      },
    },
    chainWatch: {},
    storage: {
      nodeHealth: () => health,
      rollCall: async () => new Set([nodeIds[0], nodeIds[2]]),
    },
  } as unknown as EngineParts);
});
afterEach(() => index.close());

function seal(packId: PackId): PackRecord {
  const sealed = { packId, permanent: false, sizeBytes: 5, sealedHash: new Uint8Array(32) };
  index.journal.addSealed({ ...sealed, commitRecord: undefined }, []);
  index.journal.recordEncoded(packId, `blob-${packId}` as BlobId, new Uint8Array(32), SHARDS);
  return index.journal.find(packId)!;
}

describe('a pack on its way', () => {
  test('fills shard by shard as nodes sign, told five times a second at most', async () => {
    activity.stepped(seal(PACK));
    for (let shard = 0; shard < 7; shard += 1) {
      activity.confirmed(PACK, [shardIndex(shard)]);
      await clock.sleep(100);
    }
    const told = events.filter(({ kind }) => kind === 'shards');
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThanOrEqual(4);
    const { packs } = await activity.all(signal);
    expect(packs).toMatchObject([
      { step: 'encoded', shards: '1111111000', storedShards: 7, neededShards: 7, shardCount: 10 },
    ]);
    activity.stepped(index.journal.find(PACK)!);
    expect(events.filter(({ kind }) => kind === 'shards').at(-1)).toEqual({
      kind: 'shards',
      packId: PACK,
      shards: '1111111000',
    });
  });

  test('shows what stopped it, until it makes another step', async () => {
    seal(PACK);
    activity.failed({ code: 'quorum-missing', message: 'too few', next: 'wait', context: {} });
    expect((await activity.all(signal)).packs[0]?.problem?.code).toBe('quorum-missing');
    activity.stepped(index.journal.find(PACK)!);
    expect((await activity.all(signal)).packs[0]?.problem).toBeUndefined();
  });

  test('is shown for a while when it has come to its end', async () => {
    for (let number = 0; number < 25; number += 1) {
      const packId = `pack-${String(number)}` as PackId;
      seal(packId);
      index.journal.recordCertified(packId);
      activity.stepped(index.journal.find(packId)!);
    }
    const { packs } = await activity.all(signal);
    expect(packs).toHaveLength(20);
    expect(packs.at(-1)).toMatchObject({ packId: 'pack-24', step: 'certified' });
  });
});

describe('storage nodes', () => {
  test('are ok, slow, down or not known, by what was seen of them', async () => {
    health = [
      { nodeId: nodeIds[0]!, latencyMs: 20, lastSuccessAtMs: 50 },
      { nodeId: nodeIds[1]!, latencyMs: 9_000, lastSuccessAtMs: 50 },
      {
        nodeId: nodeIds[2]!,
        latencyMs: 20,
        lastSuccessAtMs: 50,
        lastError: { code: 'node-unreachable', message: 'refused', atMs: 60 },
      },
    ];
    const { nodes } = await activity.all(signal);
    expect(nodes.map(({ state }) => state)).toEqual(['ok', 'slow', 'down', 'unknown']);
    expect(nodes[2]).toMatchObject({ lastProblem: 'refused', lastSuccessAtMs: 50 });
  });

  test('that answer now are counted by their shards', async () => {
    expect(await activity.checkNetwork(signal)).toMatchObject({
      reachableShards: 4,
      shardCount: 10,
      neededToRead: 4,
      neededToWrite: 7,
    });
  });

  test('are listed as they were while the chain does not answer', async () => {
    await activity.all(signal);
    answers = false;
    await clock.sleep(19_000);
    expect((await activity.all(signal)).nodes).toHaveLength(4);
  });
});

describe('the history', () => {
  test('keeps a failure that is repeated once, and each success', async () => {
    const problem = {
      kind: 'problem' as const,
      folderName: 'a',
      sentence: 'No.',
      problem: undefined,
    };
    const done = { kind: 'sync' as const, folderName: 'a', sentence: 'Yes.', problem: undefined };
    for (const entry of [problem, problem, done, done, problem]) activity.note(entry);
    const { history } = await activity.all(signal);
    expect(history.map(({ sentence }) => sentence)).toEqual(['No.', 'Yes.', 'Yes.', 'No.']);
  });

  test('is bounded', () => {
    for (let number = 0; number < 700; number += 1) {
      activity.note({
        kind: 'sync',
        folderName: 'a',
        sentence: String(number),
        problem: undefined,
      });
    }
    expect(index.history.newest(10_000)).toHaveLength(500);
  });
});
