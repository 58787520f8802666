import { describe, expect, test } from 'vitest';
import type { VaultStatus } from '#contract/api.ts';
import type { Task } from '#contract/task-api.ts';
import {
  DUE,
  folderStatus,
  NOTHING_DUE,
  OPEN_HOME,
  vaultStatus,
} from '#test/desktop/scripted-home.ts';
import { NOTHING_KNOWN } from './home-watch.ts';
import { INITIAL_STATE, type OtherHomeFacts, type ShellState } from './shell-state.ts';
import { pauseEndMs, trayView, type TrayView } from './tray-menu.ts';

const UP: ShellState = {
  ...INITIAL_STATE,
  link: 'up',
  home: OPEN_HOME,
  status: vaultStatus('protected', [folderStatus('Documents')]),
  renewal: NOTHING_DUE,
};
const PROBLEM = {
  code: 'balance-low',
  message: 'The wallet holds 0.12 WAL; this needs 0.41. What is new waits.',
  next: 'Add WAL.',
  context: { walFrost: '120000000', neededFrost: '410000000' },
} as const;

const labels = (view: TrayView): string[] =>
  view.items.map((item) => (item.kind === 'separator' ? '-' : item.label));
const enabled = (view: TrayView): string[] =>
  view.items.flatMap((item) => (item.kind === 'action' && item.isEnabled ? [item.label] : []));

const paused = (pause: VaultStatus['pause']): ShellState => ({
  ...UP,
  status: vaultStatus('protected', [folderStatus('Documents')], { pause }),
});

describe('the tray', () => {
  test.each<{ name: string; state: ShellState; shown: TrayView['state']; sentence: string }>([
    {
      name: 'before an engine answers',
      state: INITIAL_STATE,
      shown: 'working',
      sentence: 'Floe is starting.',
    },
    {
      name: 'when the engine went away',
      state: { ...UP, link: 'down' },
      shown: 'working',
      sentence: 'Floe is starting its engine again.',
    },
    {
      name: 'when the engine ends by itself',
      state: { ...UP, link: 'down', engineProblem: { ...PROBLEM, message: 'the disk is full' } },
      shown: 'attention',
      sentence: "Floe's engine does not run: The disk is full.",
    },
    {
      name: 'of an empty home',
      state: { ...UP, home: { ...OPEN_HOME, state: 'empty' }, status: undefined },
      shown: 'attention',
      sentence: 'Floe is not set up yet.',
    },
    {
      name: 'of a locked home',
      state: { ...UP, home: { ...OPEN_HOME, state: 'locked' }, status: undefined },
      shown: 'attention',
      sentence:
        'This vault is locked: its words cannot be read. Nothing new is protected meanwhile.',
    },
    {
      name: 'when all is well',
      state: UP,
      shown: 'protected',
      sentence: 'Everything is protected until 14 March 2027.',
    },
    {
      name: 'on the try-out network, which protects nothing from losing the disk',
      state: {
        ...UP,
        status: vaultStatus('protected', [folderStatus('Documents')], {
          network: { name: 'local', isTryOut: true } as VaultStatus['network'],
        }),
      },
      shown: 'protected',
      sentence:
        'Try-out: everything is on this computer. Protected until 14 March 2027 on the local network.',
    },
    {
      name: 'while a folder is not protected yet',
      state: {
        ...UP,
        status: vaultStatus('working', [
          folderStatus('Documents'),
          folderStatus('Photos', { protectedUntil: undefined }),
        ]),
      },
      shown: 'working',
      sentence: 'Not protected yet: Photos.',
    },
    {
      name: 'when a folder has a problem',
      state: {
        ...UP,
        status: vaultStatus('attention', [
          folderStatus('Photos', { problem: { ...PROBLEM, message: 'the drive is away' } }),
        ]),
      },
      shown: 'attention',
      sentence: 'Photos needs attention: The drive is away.',
    },
    {
      name: 'of a vault whose words nobody confirmed',
      state: {
        ...UP,
        home: { ...OPEN_HOME, isKitConfirmed: false },
        status: vaultStatus('attention', [folderStatus('Documents')]),
      },
      shown: 'attention',
      sentence: 'Your words are not confirmed yet.',
    },
    {
      name: 'when the engine cannot tell',
      state: { ...UP, status: undefined, statusProblem: { ...PROBLEM, message: 'nobody answers' } },
      shown: 'attention',
      sentence: 'Nobody answers.',
    },
    {
      name: 'when something concerns all folders',
      state: {
        ...UP,
        status: vaultStatus('attention', [folderStatus('Documents')], {
          problem: { ...PROBLEM, code: 'clock-skewed', message: 'the clock is wrong' },
        }),
      },
      shown: 'attention',
      sentence: 'The clock is wrong.',
    },
    {
      name: 'on a metered connection',
      state: paused({ reason: 'metered', untilMs: undefined }),
      shown: 'protected',
      sentence: 'Everything is protected until 14 March 2027. Waiting: this connection is metered.',
    },
  ])('$name says so', ({ state, shown, sentence }) => {
    const view = trayView(state, 'en');
    expect(view.state).toBe(shown);
    expect(view.sentence).toBe(sentence);
    expect(labels(view).join(' ').startsWith(sentence)).toBe(true);
  });

  test('offers everything that can be done', () => {
    expect(labels(trayView({ ...UP, renewal: DUE }, 'en'))).toEqual([
      'Everything is protected until 14 March 2027.',
      '-',
      'Sync now',
      'Pause for an hour',
      'Pause until tomorrow',
      'Restore…',
      'Renew now (0.41 WAL + 0.002 SUI)…',
      '-',
      'Open Floe',
      'Quit Floe',
    ]);
  });

  test('offers nothing that needs an engine while there is none', () => {
    expect(enabled(trayView({ ...UP, renewal: DUE, link: 'down' }, 'en'))).toEqual([
      'Open Floe',
      'Quit Floe',
    ]);
  });

  test('offers no renewal when nothing is due', () => {
    expect(enabled(trayView(UP, 'en'))).not.toContain('Renew now (nothing is due)');
  });

  test('offers to go on while it is paused', () => {
    const view = trayView(paused({ reason: 'asked', untilMs: undefined }), 'en');
    expect(labels(view)).toContain('Resume now');
    expect(labels(view)).not.toContain('Pause for an hour');
  });

  test.each([
    { name: 'an empty home is set up', state: 'empty' as const, label: 'Set up Floe…' },
    { name: 'a locked home is unlocked', state: 'locked' as const, label: 'Unlock Floe…' },
  ])('$name', ({ state, label }) => {
    const view = trayView({ ...UP, home: { ...OPEN_HOME, state }, status: undefined }, 'en');
    expect(enabled(view)).toEqual([label, 'Open Floe', 'Quit Floe']);
  });

  test('shows what is going on, with the first three of many', () => {
    const task = (folderName: string, bytesDone: number): Task =>
      ({
        taskId: folderName,
        kind: 'sync',
        folderName,
        state: 'running',
        progress: { bytesDone, bytesTotal: 100, remainingMs: 240_000 },
      }) as Task;
    const tasks = [task('A', 61), task('B', 39), task('C', 0), task('D', 100)];
    const view = trayView({ ...UP, tasks }, 'en');
    expect(labels(view).slice(1, 5)).toEqual([
      'Syncing A, 61 %, 4 min left',
      'Syncing B, 39 %, 4 min left',
      'Syncing C, 0 %, 4 min left',
      'and 1 more',
    ]);
    expect(view.progress).toBeCloseTo(0.5);
  });

  test('names the next step, and opens the window where it can be done', () => {
    const status = vaultStatus('attention', [folderStatus('Photos', { problem: PROBLEM })]);
    const view = trayView({ ...UP, status }, 'en');
    expect(labels(view).slice(0, 3)).toEqual([
      'Photos needs attention: The wallet holds 0.12 WAL; this needs 0.41.',
      'What is new waits.',
      'Next: Add coins: the Storage view has the address.',
    ]);
    expect(view.items[2]).toMatchObject({ action: { kind: 'open', screen: 'storage' } });
  });

  test('tells of a problem in German, with its figures', () => {
    const status = vaultStatus('attention', [folderStatus('Fotos', { problem: PROBLEM })]);
    expect(labels(trayView({ ...UP, status }, 'de')).slice(0, 3)).toEqual([
      'Fotos braucht dich: Im Wallet sind 0,12 WAL; das hier braucht 0,41.',
      'Was geschützt ist, bleibt es bis zu seinem Datum; Neues wartet.',
      'Nächster Schritt: Füge Münzen hinzu: Die Ansicht Speicher hat die Adresse.',
    ]);
  });

  test('speaks German', () => {
    const view = trayView({ ...UP, renewal: DUE }, 'de');
    expect(view.sentence).toBe('Alles ist geschützt bis 14. März 2027.');
    expect(labels(view)).toContain('Jetzt verlängern (0,41 WAL + 0,002 SUI) …');
  });
});

describe('the tray of two homes', () => {
  const EARLIER = { atMs: Date.UTC(2027, 0, 2, 12), epoch: 30 };
  const testnet = (part: Partial<OtherHomeFacts> = {}): OtherHomeFacts => ({
    ...NOTHING_KNOWN,
    networkName: 'testnet',
    problem: undefined,
    home: { ...OPEN_HOME, networkName: 'testnet' },
    status: vaultStatus('protected', [folderStatus('Letters', { protectedUntil: EARLIER })]),
    ...part,
  });
  const short = vaultStatus('attention', [folderStatus('Letters', { problem: PROBLEM })]);
  const tryOut = (folders = [folderStatus('Documents')]): ShellState => ({
    ...UP,
    home: { ...OPEN_HOME, networkName: 'local', isTryOut: true },
    status: vaultStatus('protected', folders, {
      network: { name: 'local', isTryOut: true } as VaultStatus['network'],
    }),
  });
  const notYet = [folderStatus('Photos', { protectedUntil: undefined })];

  test.each<{ name: string; state: ShellState; shown: TrayView['state']; sentence: string }>([
    {
      name: 'that are well names what ends first',
      state: { ...UP, others: [testnet()] },
      shown: 'protected',
      sentence: 'Everything is protected until 2 January 2027.',
    },
    {
      name: 'of which one is the try-out says where its folders are',
      state: { ...tryOut(), others: [testnet()] },
      shown: 'protected',
      sentence:
        'Everything is protected until 2 January 2027; what is in the try-out is on this computer only.',
    },
    {
      name: 'of which one needs attention names it',
      state: { ...tryOut(), others: [testnet({ status: short })] },
      shown: 'attention',
      sentence:
        'Testnet: Letters needs attention: The wallet holds 0.12 WAL; this needs 0.41. What is new waits.',
    },
    {
      name: 'of which the served one needs attention names that',
      state: { ...UP, status: short, others: [testnet()] },
      shown: 'attention',
      sentence:
        'Mainnet: Letters needs attention: The wallet holds 0.12 WAL; this needs 0.41. What is new waits.',
    },
    {
      name: 'of which one protects its folder for the first time says so',
      state: { ...tryOut(), others: [testnet({ status: vaultStatus('working', notYet) })] },
      shown: 'working',
      sentence: 'Testnet: Not protected yet: Photos.',
    },
    {
      name: 'of which one is not known yet claims nothing for it',
      state: { ...UP, others: [testnet(NOTHING_KNOWN)] },
      shown: 'working',
      sentence: 'Testnet: Floe is starting.',
    },
    {
      name: 'of which one cannot be served says why',
      state: {
        ...UP,
        others: [
          testnet({ problem: { ...PROBLEM, code: 'disk-full', message: 'the disk is full' } }),
        ],
      },
      shown: 'attention',
      sentence: 'Testnet: The disk is full.',
    },
    {
      name: 'of which one is locked says which',
      state: {
        ...UP,
        others: [testnet({ home: { ...OPEN_HOME, state: 'locked' }, status: undefined })],
      },
      shown: 'attention',
      sentence:
        'Testnet: This vault is locked: its words cannot be read. Nothing new is protected meanwhile.',
    },
    {
      name: 'of which one was never set up says nothing of it',
      state: {
        ...UP,
        others: [testnet({ home: { ...OPEN_HOME, state: 'empty' }, status: undefined })],
      },
      shown: 'protected',
      sentence: 'Everything is protected until 14 March 2027.',
    },
    {
      name: 'of which the try-out has no folder any more says nothing of that',
      state: { ...tryOut([]), others: [testnet()] },
      shown: 'protected',
      sentence: 'Everything is protected until 2 January 2027.',
    },
    {
      name: 'whose engine went away claims nothing for either',
      state: { ...UP, link: 'down', others: [testnet()] },
      shown: 'working',
      sentence: 'Floe is starting its engine again.',
    },
  ])('$name', ({ state, shown, sentence }) => {
    const view = trayView(state, 'en');
    expect(view.state).toBe(shown);
    expect(view.sentence).toBe(sentence);
  });

  test('has a line for each, with what to do about it there', () => {
    const tasks = [{ taskId: 't', kind: 'sync', folderName: 'Letters', state: 'running' } as Task];
    const view = trayView({ ...tryOut(), others: [testnet({ status: short, tasks })] }, 'en');
    expect(labels(view).slice(0, 6)).toEqual([
      'Try-out: Protected until 14 March 2027 on the local network.',
      'Testnet: Letters needs attention: The wallet holds 0.12 WAL; this needs 0.41.',
      'What is new waits.',
      'Next: Add coins: the Storage view has the address.',
      'Syncing Letters',
      '-',
    ]);
    const there = { kind: 'open', networkName: 'testnet' };
    expect(view.items[3]).toMatchObject({ action: { ...there, screen: 'storage' } });
    expect(view.items[4]).toMatchObject({ action: { ...there, screen: 'activity' } });
  });

  test('offers to renew in each that has something due, at its own price', () => {
    const view = trayView(
      { ...tryOut(), renewal: NOTHING_DUE, others: [testnet({ renewal: DUE })] },
      'en',
    );
    const label = 'Testnet: Renew now (0.41 WAL + 0.002 SUI)…';
    expect(enabled(view).filter((text) => text.includes('Renew'))).toEqual([label]);
    const item = view.items.find((one) => one.kind === 'action' && one.label === label);
    expect(item).toMatchObject({ action: { kind: 'renew', networkName: 'testnet' } });
  });

  test('works in the one that is open while the other is locked', () => {
    const locked = testnet({ home: { ...OPEN_HOME, state: 'locked' }, status: undefined });
    const offered = enabled(trayView({ ...UP, others: [locked] }, 'en'));
    expect(offered).toContain('Testnet: Unlock Floe…');
    expect(offered).toContain('Sync now');
  });
});

describe('a pause from the tray', () => {
  test('of an hour ends an hour later', () => {
    const now = new Date(2026, 10, 21, 23, 30);
    expect(pauseEndMs('hour', now)).toBe(new Date(2026, 10, 22, 0, 30).getTime());
  });

  test('until tomorrow ends when people get up', () => {
    const now = new Date(2026, 10, 30, 23, 59);
    expect(pauseEndMs('tomorrow', now)).toBe(new Date(2026, 11, 1, 6, 0).getTime());
  });
});
