/** The link with a real socket, and a home that comes and goes on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeMessage } from '#contract/wire.ts';
import { ScriptedHome } from '#test/desktop/scripted-home.ts';
import { CallFailure, EngineClient } from './engine-client.ts';

let folder: string;
let client: EngineClient;
let states: string[];
let onState: (state: string) => void;

const reached = async (state: string): Promise<void> =>
  new Promise((resolve) => {
    onState = (now) => now === state && resolve();
    if (client.link.state === state) resolve();
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-link-'));
  states = [];
  onState = () => undefined;
  client = new EngineClient(folder, {
    onEvent: () => undefined,
    onState: (state) => {
      states.push(state);
      onState(state);
    },
  });
});

afterEach(() => {
  client.link.close();
  rmSync(folder, { recursive: true });
});

describe('the link to the engine', () => {
  test('comes up by itself when an engine begins to serve, again and again', async () => {
    client.link.open();
    await reached('down');
    for (const round of [1, 2]) {
      const home = await ScriptedHome.open(folder, { wallet: () => ({ round: BigInt(round) }) });
      await reached('up');
      expect(await client.call('wallet', {})).toEqual({ round: BigInt(round) });
      await home.close();
      await reached('down');
    }
    expect(states).toEqual(['down', 'up', 'down', 'up', 'down']);
  });

  test('rejects what was asked when the engine goes', async () => {
    const home = await ScriptedHome.open(folder, {});
    client.link.open();
    await reached('up');
    const call = client.call('wallet', {});
    const asked = home.nextCall('wallet');
    await home.close();
    await expect(call).rejects.toThrow(CallFailure);
    await expect(client.call('wallet', {})).rejects.toThrow(CallFailure);
    void asked;
  });

  test('sends nothing while it is down', async () => {
    client.link.send(encodeMessage({ type: 'stop' }));
    const home = await ScriptedHome.open(folder, {});
    client.link.open();
    await reached('up');
    await client.call('status', {});
    expect(home.texts).toHaveLength(1);
    await home.close();
  });
});
