/** @file A commit that fails when some of its packs are on their way already. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { markLeaving } from '#engine/giving-up.ts';
import { openLocalIndex, type LocalIndex } from '#engine/local-index/local-index.ts';
import { FileError, type FileSystem } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { bytes, KIB, makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type World } from '#test/support/world.ts';

/** Packs on their way: how many runs there are, and what those wait for that have something to do. */
const flowing = vi.hoisted(() => ({ runs: 0, until: undefined as Promise<unknown> | undefined }));

vi.mock(import('#engine/backup/river.ts'), async (importOriginal) => {
  const original = await importOriginal();
  class WatchedRiver extends original.River {
    readonly #index: LocalIndex;

    constructor(options: ConstructorParameters<typeof original.River>[0]) {
      super(options);
      this.#index = options.index;
    }

    override async run(signal: AbortSignal): Promise<void> {
      flowing.runs += 1;
      try {
        if (this.#index.journal.unfinished().length > 0) await flowing.until;
        await super.run(signal);
      } finally {
        flowing.runs -= 1;
      }
    }
  }
  return { ...original, River: WatchedRiver };
});

let world: World;
beforeAll(async () => {
  // Few shards make small packs, so that a commit needs several.
  world = await startWorld({ shards: 4, nodes: 4 });
});
afterAll(() => world.close());

/** The real files, whose spool has room for one more pack. */
function roomForOnePack(onFull: () => void): FileSystem {
  const files = openFileSystem();
  const write = files.writeFileDurable.bind(files);
  let count = 0;
  files.writeFileDurable = async (...args) => {
    count += 1;
    if (count === 1) return write(...args);
    onFull();
    throw new FileError('no-space', 'ENOSPC', 'write');
  };
  return files;
}

test('is over when it is answered: nothing is paid for behind its back', async () => {
  const vault = await bareVault(world, 'home');
  const folder = world.path('Documents');
  makeTree(
    folder,
    Object.fromEntries(
      Array.from({ length: 24 }, (_, at) => [`${String(at)}.bin`, bytes(100 * KIB, at)]),
    ),
  );
  const first = vault.open();
  await first.api.addFolder({ path: folder, excludes: [], permanent: false });
  await first.api.sync({});
  writeFileSync(join(folder, 'new.txt'), 'new');
  await first.api.sync({});
  const snapshots = await first.api.snapshots({});
  await first.close();
  // Everything is to be stored anew: more than fits one pack.
  const index = openLocalIndex(join(vault.home, 'index.db'));
  markLeaving(
    index,
    index.journal.all().flatMap(({ blobId }) => blobId ?? []),
  );
  index.close();

  const full = Promise.withResolvers<undefined>();
  flowing.until = full.promise;
  const engine = vault.open({ files: roomForOnePack(() => full.resolve(undefined)) });
  const oldest = snapshots.toSorted((one, other) => one.sequence - other.sequence)[0]!;
  const forgetting = engine.api.forgetSnapshot({
    folder: 'Documents',
    snapshot: oldest.snapshotId,
    now: true,
  });
  await expect(forgetting).rejects.toMatchObject({ code: 'disk-full' });
  expect(flowing.runs).toBe(0);
  await engine.close();
});
