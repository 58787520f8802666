/**
 * Replays a real deployment, answer by answer: 222 requests recorded from 4 storage nodes of
 * release 1.32 (13 shards), against nodes of ours that are brought into the recorded situation by
 * the recorded chain events and the recorded blobs. Compared are status, the headers that matter,
 * and the whole body wherever it is determined by the situation.
 *
 * Our keys are not theirs, so signatures are verified instead of compared. The nodes run once as
 * the recorded release and once as the newer one; what differs stands in a table by the record's
 * name. A difference that is not listed fails, and so does a listed one that is none any more.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BehaviourProfile } from '#localnet/nodes/behaviour.ts';
import { recordedDivergences } from './storage-node-http/divergences.ts';
import { RecordedScene } from './storage-node-http/recorded-scene.ts';
import { records, type RecordedAnswer } from './storage-node-http/records.ts';

const profiles: readonly BehaviourProfile[] = ['current', 'walrus-1.32'];

describe.each(profiles)('storage nodes of profile %s', (profile) => {
  const divergences = recordedDivergences[profile];
  const differing = new Set<string>();
  let scene: RecordedScene;

  beforeAll(async () => {
    scene = await RecordedScene.open(profile);
  });
  afterAll(async () => {
    await scene.close();
  });

  test.each(records.map((record, index) => ({ index, name: record.name, record })))(
    'record $index: $name',
    async ({ index, name, record }) => {
      const { actual, expected } = await scene.replay(index, record);
      if (JSON.stringify(actual) === JSON.stringify(expected)) return;
      differing.add(name);
      if (!Object.hasOwn(divergences, name))
        expect(actual).toEqual(expected satisfies RecordedAnswer);
    },
  );

  test('every listed divergence still diverges', () => {
    expect(Object.keys(divergences).filter((name) => !differing.has(name))).toEqual([]);
  });

  test('nothing went wrong inside the nodes', () => {
    expect(scene.log).toEqual([]);
  });
});
