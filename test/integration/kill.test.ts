/**
 * Real processes, killed at random moments: `floe sync` and `floe restore` get SIGKILL, with
 * nothing flushed and nobody told, and are started again. In the end everything is as if nobody had
 * been killed: the same files, each blob registered once and paid once, nothing in the spool.
 *
 * A moment is a line that the command has printed and some milliseconds after it, both chosen by a
 * seed. Every moment must do, so it does not matter which one it turns out to be.
 */
import { EXIT } from '#contract/errors.ts';
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareTrees } from '#platform/compare-trees.ts';
import { generator, IS_SWEEP, SEED } from '../support/story.ts';
import { bytes, KIB, makeTree, MIB } from '../support/tree.ts';
import { startWorld, type World } from '../support/world.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');
const SYNC_KILLS = IS_SWEEP ? 40 : 5;
const RESTORE_KILLS = IS_SWEEP ? 10 : 3;
/** A sync of this test prints about so many lines. */
const LINES = 12;
/** After its line, and when no line comes any more. */
const DELAY_MS_MAX = 150;
const FOLDER = 'folder';

const choose = generator(SEED);
let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

/** Run a command on the home; kill it some milliseconds after its line of that number. */
async function floe(
  args: readonly string[],
  kill?: { readonly afterLines: number; readonly delayMs: number },
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, '--home', world.path('home'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (!kill || timer || lines.length < kill.afterLines) return;
    timer = setTimeout(() => child.kill('SIGKILL'), kill.delayMs);
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    look();
  });
  look();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, lines });
    });
  });
}

/** What one round adds to the folder: more than a pack holds, and something changed. */
function change(round: number): void {
  const folder = world.path('source');
  writeFileSync(join(folder, `large-${String(round)}.bin`), bytes(3 * MIB, 100 + round));
  writeFileSync(join(folder, 'changing.txt'), `round ${String(round)}`);
  writeFileSync(join(folder, 'sub', `small-${String(round)}`), bytes(20 * KIB, 200 + round));
}

test(`a sync that is killed again and again ends like one that is not (seed ${String(SEED)})`, async () => {
  makeTree(world.path('source'), { sub: { 'first.txt': 'first' } });
  await world.setUp('home');
  await world.ask('home', async ({ api }) => {
    const path = world.path('source');
    await api.addFolder({ path, name: FOLDER, excludes: [], permanent: false });
    await api.sync({});
  });
  let deaths = 0;
  for (let round = 0; round < SYNC_KILLS; round += 1) {
    change(round);
    const kill = { afterLines: choose(LINES), delayMs: choose(DELAY_MS_MAX) };
    const since = world.localnet.chain.view.latestEventSequence;
    const first = await floe(['sync'], kill);
    if (first.signal === 'SIGKILL') deaths += 1;
    else expect(first, JSON.stringify(first)).toMatchObject({ code: 0 });
    const second = await floe(['sync']);
    const where = JSON.stringify({ seed: SEED, round, kill, first, second });
    expect(second.code, where).toBe(0);
    const registered = world.registrations(since);
    expect([...registered.values()], where).toEqual([1, 1]);
    expect(readdirSync(world.path('home', 'spool')), where).toEqual([]);
    await world.ask('home', async ({ api }) => {
      const { spent, transactions } = await api.wallet({});
      expect(spent.walFrost, where).toBe(world.costOfRegistrations(0));
      expect(transactions.filter(({ state }) => state !== 'landed')).toEqual([]);
    });
  }
  expect(deaths).toBeGreaterThan(0);
});

test(`a restore that is killed again and again brings everything (seed ${String(SEED)})`, async () => {
  const target = world.path('back');
  for (let round = 0; round < RESTORE_KILLS; round += 1) {
    // The first line comes early; the moments are spread over what follows.
    const kill = { afterLines: 1, delayMs: round === 0 ? 0 : choose(4 * DELAY_MS_MAX) };
    const ended = await floe(['restore', FOLDER, '--to', target], kill);
    if (ended.signal !== 'SIGKILL') break;
  }
  const { code, lines } = await floe(['restore', FOLDER, '--to', target]);
  // A restore that was complete when it died is not repeated: its target is not empty any more.
  // Whether it was is told by the comparison.
  expect([EXIT.ok, EXIT.usage], lines.join('\n')).toContain(code);
  if (code === EXIT.usage) expect(lines.join('\n')).toContain('is not empty');
  expect(await compareTrees(world.path('source'), target, { withRoot: true })).toEqual([]);
});
