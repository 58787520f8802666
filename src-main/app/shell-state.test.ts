import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  folderStatus,
  OPEN_HOME,
  ScriptedHome,
  vaultStatus,
  type Answers,
} from '#test/desktop/scripted-home.ts';
import { EngineClient } from './engine-client.ts';
import { ShellStateKeeper, type ShellState } from './shell-state.ts';

const FOLDERS = [folderStatus('Documents')];
const PROTECTED = vaultStatus('protected', FOLDERS);

let folder: string;
let home: ScriptedHome;
let client: EngineClient;
let keeper: ShellStateKeeper;
let seen: ShellState[];
let onState: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-shell-state-'));
  seen = [];
  onState = [];
});
afterEach(async () => {
  client.link.close();
  await home.close();
  rmSync(folder, { recursive: true });
});

async function open(answers: Answers): Promise<void> {
  home = await ScriptedHome.open(folder, answers);
  client = new EngineClient(folder, {
    onEvent: (event) => keeper.eventArrived(event),
    onState: (link) => keeper.linkChanged(link),
  });
  keeper = new ShellStateKeeper(client, (state) => {
    seen.push(state);
    for (const look of onState) look();
  });
  client.link.open();
}

/** Resolves with the first state from now on that is so. */
async function state(isSo: (state: ShellState) => boolean): Promise<ShellState> {
  if (isSo(keeper.state)) return keeper.state;
  return new Promise((resolve) => {
    onState.push(() => isSo(keeper.state) && resolve(keeper.state));
  });
}

describe('what the shell knows', () => {
  test('stays while the engine takes its time to say what is next', async () => {
    await open({ status: () => PROTECTED });
    await state(({ status }) => status?.state === 'protected');
    const slow = Promise.withResolvers<unknown>();
    home.answer({ status: () => slow.promise });
    seen = [];
    home.calls.length = 0;
    await home.nextCall('status');
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.map(({ status }) => status?.state)).not.toContain(undefined);
    slow.resolve(vaultStatus('attention', FOLDERS));
    await state(({ status }) => status?.state === 'attention');
    expect(seen.map(({ status }) => status?.state)).not.toContain(undefined);
  });

  test('does not wait for a plan, which waits for its turn behind a sync', async () => {
    const never = Promise.withResolvers<unknown>();
    await open({ status: () => PROTECTED, planRenewal: () => never.promise });
    await state(({ status }) => status?.state === 'protected');
    home.answer({ status: () => vaultStatus('attention', FOLDERS) });
    home.tell({ kind: 'status-changed' });
    await state(({ status }) => status?.state === 'attention');
  });

  test('is of every home beside the served one, too', async () => {
    const there: Record<string, unknown> = {
      home: { ...OPEN_HOME, networkName: 'testnet' },
      tasks: [],
      status: vaultStatus('attention', FOLDERS),
    };
    await open({
      otherHomes: () => ({
        homes: [{ networkName: 'testnet', home: '/testnet', problem: undefined }],
        moves: [],
      }),
      callOtherHome: ({ method }: { readonly method: string }) => there[method],
    });
    const known = await state(({ others: [other] }) => other?.status !== undefined);
    const told = { networkName: 'testnet', status: { state: 'attention' } };
    expect(known.others).toMatchObject([told]);

    there['status'] = PROTECTED;
    const event = { kind: 'status-changed' } as const;
    home.tell({ kind: 'other-home', networkName: 'testnet', event });
    await state(({ others: [other] }) => other?.status?.state === 'protected');
  });

  test('asks nothing of a home beside it that cannot be served', async () => {
    const problem = { code: 'disk-full', message: 'full', next: '', context: {} } as const;
    await open({
      otherHomes: () => ({
        homes: [{ networkName: 'testnet', home: '/testnet', problem }],
        moves: [],
      }),
    });
    const known = await state(({ others, status }) => others.length > 0 && status !== undefined);
    expect(known.others).toMatchObject([{ networkName: 'testnet', problem }]);
    expect(home.calls.map(({ method }) => method)).not.toContain('callOtherHome');
  });
});
