import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseNetwork } from '#engine/model/network.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const SMALL = ['--shards', '13', '--nodes', '4', '--port', '0'];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'floe-cli-localnet-'));
});
afterEach(async () => {
  await floe('localnet', 'stop');
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
}

/** Run a command to its end, with the directory given by the environment. */
function floe(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, FLOE_LOCALNET: dir };
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout });
    });
  });
}

describe('floe localnet', () => {
  test('in the background: one line when ready, commands, refusals, stop', async () => {
    const started = await floe('localnet', 'start', '--detach', ...SMALL);
    expect(started.code).toBe(0);
    expect(started.stdout.trim().split('\n')).toHaveLength(1);
    const file = JSON.parse(started.stdout) as { readonly storageNodes: readonly object[] };
    expect(parseNetwork(file).name).toBe('local');
    expect(file.storageNodes).toHaveLength(4);

    expect((await floe('localnet', 'start')).code).toBe(9);
    const killed = await floe('localnet', 'node', 'kill', '1', '--json');
    expect(JSON.parse(killed.stdout)).toMatchObject({ index: 1, mode: 'killed' });
    const forged = await floe('localnet', 'node', 'forge', '1', '--what', 'nothing');
    expect(forged.code).toBe(2);
    expect((await floe('localnet', 'node', 'kill', '7')).code).toBe(2);
    // It has none.
    expect((await floe('localnet', 'relay', 'kill')).code).toBe(2);
    const advanced = await floe('--json', 'localnet', 'epoch', 'advance', '--count', '2');
    expect(JSON.parse(advanced.stdout)).toEqual({ epoch: 3 });
    const status = await floe('localnet', 'status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ epoch: 3, network: file });

    expect((await floe('localnet', 'stop')).code).toBe(0);
    const gone = await floe('localnet', 'status', '--json');
    expect(gone.code).toBe(5);
    expect(JSON.parse(gone.stdout)).toMatchObject({ error: { code: 'localnet-not-running' } });
  });

  test('in the foreground: ends in order when it is told to', async () => {
    const child = spawn(process.execPath, [MAIN, 'localnet', 'start', '--dir', dir, ...SMALL], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(line));
    await new Promise((resolve) => reader.once('line', resolve));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name: 'local' });
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await code).toBe(0);
    expect(lines).toHaveLength(1);
  });

  test.each([
    { name: 'a shard count that is no number', args: ['start', '--shards', 'many'] },
    { name: 'a duration without sense', args: ['start', '--epoch-duration', 'soon'] },
    { name: 'a tip that is none', args: ['start', '--tip', 'generous'] },
    { name: 'a transport that does not exist', args: ['start', '--rpc', 'smoke-signals'] },
    { name: 'an amount with too many decimals', args: ['fund', '0x1', '--sui', '1.0000000001'] },
  ])('refuses $name', async ({ args }) => {
    expect((await floe('localnet', ...args)).code).toBe(2);
  });
});
