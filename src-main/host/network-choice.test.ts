/** What may be named as a network, and how little is told of a file that is none. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serializeError } from '#engine/model/engine-error.ts';
import { resolveNetwork } from './network-choice.ts';
import { PUBLIC_NETWORKS } from './networks.ts';

const SECRET = 'hunter2 is my password';
const TESTNET = JSON.stringify(PUBLIC_NETWORKS.testnet);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-network-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a network is taken from', () => {
  test.each([
    { name: 'its name', make: () => 'testnet' },
    { name: 'its text', make: () => TESTNET },
    {
      name: 'a file',
      make: (path: string) => {
        writeFileSync(path, TESTNET);
        return path;
      },
    },
    {
      name: 'a link to a file',
      make: (path: string) => {
        writeFileSync(`${path}.json`, TESTNET);
        symlinkSync(`${path}.json`, path);
        return path;
      },
    },
  ])('$name', async ({ make }) => {
    const { network } = await resolveNetwork(make(join(folder, 'file')), undefined);
    expect(network.name).toBe('testnet');
  });
});

describe('refuses, and repeats nothing of', () => {
  const withTransport = { ...PUBLIC_NETWORKS.testnet, rpc: { transport: SECRET } };
  test.each([
    { name: 'a text', make: (path: string) => writeFileSync(path, SECRET) },
    {
      name: 'a file of JSON',
      make: (path: string) => writeFileSync(path, JSON.stringify(withTransport)),
    },
    {
      name: 'a file that is too large',
      make: (path: string) => writeFileSync(path, TESTNET + ' '.repeat(65_536) + SECRET),
    },
    { name: 'a folder', make: (path: string) => void mkdirSync(path) },
    {
      name: 'a pipe that nobody writes to',
      make: (path: string) => execFileSync('mkfifo', [path]),
    },
    { name: 'a device', make: (path: string) => symlinkSync('/dev/zero', path) },
    { name: 'what there is not', make: () => undefined },
  ])('$name', async ({ make }) => {
    const path = join(folder, 'file');
    make(path);
    const failure = await resolveNetwork(path, undefined).catch(serializeError);
    expect(failure).toMatchObject({ code: 'network-file-invalid' });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  test('a text that begins like JSON', async () => {
    const failure = await resolveNetwork(`{${SECRET}`, undefined).catch(serializeError);
    expect(failure).toMatchObject({ code: 'network-file-invalid' });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });
});
