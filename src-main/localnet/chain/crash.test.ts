/**
 * Goal: a chain whose process is killed loses nothing that it answered for.
 * Method: another process executes transactions and prints each outcome; it is killed in between,
 * and the state is opened here.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smallGenesis } from '#test/support/local-chain.ts';
import { openChain } from './chain.ts';

const KILLS = 5;
const CLOCK_MS = 1_800_000_000_000;

/** Fund an address again and again, and print each transaction's digest. */
const program = (dir: string): string => `
  const { openChain } = await import(${JSON.stringify(new URL('chain.ts', import.meta.url).href)});
  const { smallGenesis } = await import(${JSON.stringify(
    new URL('../../../test/support/local-chain.ts', import.meta.url).href,
  )});
  const clock = { nowMs: () => ${String(CLOCK_MS)} };
  const chain = await openChain({ dir: ${JSON.stringify(dir)}, genesis: smallGenesis, clock });
  for (;;) {
    await chain.setPrices({ storageFrostPerMib: 5n, writeFrostPerMib: 1n });
    const { txDigest } = await chain.fund('0x${'44'.repeat(32)}', { mist: 1n });
    process.stdout.write(txDigest + '\\n');
  }
`;

/** Run until it has printed `lines` lines, then kill it. */
async function runAndKill(dir: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(dir)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString('latin1');
    if (printed.split('\n').length > lines) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return printed.split('\n').slice(0, -1);
}

test('a killed chain has every transaction it answered for, and whole ones only', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'floe-chain-crash-'));
  const digests: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) digests.push(...(await runAndKill(dir, 3 + kill)));
  const chain = await openChain({
    dir,
    genesis: smallGenesis,
    clock: { nowMs: () => CLOCK_MS },
  });
  const { transactions, objects } = chain.ledger;
  for (const digest of digests) expect(transactions.byDigest(digest)?.record.digest).toBe(digest);
  const sequences = chain.events.eventsSince(0).map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  const coins = objects.view().owned({ owner: `0x${'44'.repeat(32)}`, limit: 10_000 });
  const funded = coins.length;
  expect(funded).toBeGreaterThanOrEqual(digests.length);
  for (const { previousTransaction } of coins) {
    expect(transactions.byDigest(previousTransaction)).toBeDefined();
  }
  expect(chain.view.latestCheckpoint).toBeGreaterThanOrEqual(2 * digests.length);
  await chain.close();
  rmSync(dir, { recursive: true });
});
