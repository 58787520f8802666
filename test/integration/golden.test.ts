/**
 * Goal: what any release has stored, every later one restores, and so does the restorer.
 * Method: each vault of test/golden is put back on a local network of the same genesis; a blank
 * machine has its words, and restores every snapshot. What they hold was noted when it was recorded.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineConnection } from '#contract/api.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { connectEngine } from '#host/connect.ts';
import { setUpVault } from '#host/setup.ts';
import type { RunningLocalnet } from '#localnet/localnet.ts';
import { describeTree, replayVault, type RecordedVault } from '../support/recorded-vault.ts';
import { installRestorer } from '../support/restorer.ts';
import { temporaryFolder } from '../support/tree.ts';

const GOLDEN = join(import.meta.dirname, '../golden');
const vaults = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    vault: JSON.parse(readFileSync(join(GOLDEN, name), 'utf8')) as RecordedVault,
  }));

test('there are golden vaults', () => {
  expect(vaults.length).toBeGreaterThanOrEqual(3);
});

describe.each(vaults)('the vault $name', ({ vault }) => {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  let localnet: RunningLocalnet;

  beforeAll(async () => {
    localnet = await replayVault(vault, path('network'));
  });
  afterAll(async () => {
    await localnet.close();
    folder.remove();
  });

  test('is restored by the engine of today', async () => {
    const { signal } = new AbortController();
    const home = path('home');
    await setUpVault({
      home,
      network: { network: parseNetwork(localnet.networkFile), json: localnet.networkFile },
      words: vault.words,
      mayStartEmpty: false,
      kitFile: undefined,
      passphraseFile: undefined,
      confirmWords: undefined,
      signal,
    });
    const engine: EngineConnection = await connectEngine({
      home,
      passphraseFile: undefined,
      signal,
    });
    try {
      const found = await engine.api.snapshots({});
      const ids = vault.snapshots.map(({ snapshotId }) => snapshotId);
      expect(found.map(({ snapshotId }) => snapshotId).toSorted()).toEqual(ids.toSorted());
      for (const { snapshotId, folder: name, tree } of vault.snapshots) {
        const target = path(`engine-${snapshotId}`);
        const request = { folder: name, snapshot: snapshotId, target };
        expect((await engine.api.restore(request)).lost).toEqual([]);
        expect(describeTree(target)).toEqual(tree);
      }
    } finally {
      await engine.close();
    }
  });

  test('is restored by the standalone restorer', async () => {
    const restorer = installRestorer(path('restorer'));
    const network = ['--network', path('network/network.json')];
    const listed = await restorer.run(['list', ...network], vault.words);
    const ids = vault.snapshots.map(({ snapshotId }) => snapshotId);
    expect(listed.stderr).toBe('');
    const found = listed.stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(found.toSorted()).toEqual(['', ...ids].toSorted());
    for (const { snapshotId, folder: name, tree } of vault.snapshots) {
      const target = path(`restorer-${snapshotId}`);
      const args = ['restore', name, '--snapshot', snapshotId, '--to', target];
      const { code, stderr } = await restorer.run([...args, ...network], vault.words);
      expect(stderr.split('\n').slice(1)).toEqual(['']);
      expect(code).toBe(0);
      expect(describeTree(target)).toEqual(tree);
    }
  });
});
