/**
 * What a restore could not bring is listed in the order in which it must be seen to: what the network
 * lets go of first comes first, whatever it is called and wherever it lies.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobId } from '#engine/model/ids.ts';
import { startWorld, type World } from '../support/world.ts';
import { bytes, KIB, makeTree, type Tree } from '../support/tree.ts';

let world: World;
beforeEach(async () => {
  // Four shards make small packs, so that one commit needs several.
  world = await startWorld({ shards: 4, nodes: 4 });
});
afterEach(() => world.close());

/** No storage node has a true sliver of these any more. */
function corrupt(blobs: Iterable<BlobId>): void {
  for (const blob of blobs) {
    for (const { node } of world.localnet.nodes) {
      node.corrupt('primary', blob);
      node.corrupt('secondary', blob);
    }
  }
}

const files = (name: string): Tree =>
  Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [
      `${name}-${String(at)}.bin`,
      bytes(100 * KIB, name.charCodeAt(0) + at),
    ]),
  );

test('losses come in the order of the ends of what they lay in', async () => {
  await world.setUp('home');
  const place = world.path('Documents');
  const engine = await world.open('home');
  try {
    makeTree(place, files('z'));
    const { folderId } = await engine.api.addFolder({
      path: place,
      excludes: [],
      permanent: true,
    });
    await engine.api.sync({});
    const first = [...world.registrations(0).keys()];
    // A later commit is paid for until a later epoch.
    await world.localnet.advanceEpoch({ count: 3 });
    makeTree(place, files('a'));
    await engine.api.sync({});
    const second = [...world.registrations(0).keys()].slice(first.length);
    // The first pack of a commit that needs several holds nothing but content.
    expect(Math.min(first.length, second.length)).toBeGreaterThan(1);
    corrupt([...first.slice(0, 1), ...second.slice(0, 1)]);
    const target = world.path('back');
    const { lost } = await engine.api.restore({ folder: folderId, target });
    const ends = lost.map(({ endsAt }) => endsAt?.epoch ?? 0);
    expect(Math.min(...ends)).toBeGreaterThan(0);
    expect(ends).toEqual(ends.toSorted((one, other) => one - other));
    expect(new Set(ends).size).toBe(2);
    // By their names they would stand the other way round.
    expect(lost[0]?.path).toMatch(/^z/);
    expect(lost.at(-1)?.path).toMatch(/^a/);
  } finally {
    await engine.close();
  }
});
