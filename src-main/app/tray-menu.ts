/** @file What the tray shows, as a value: state, one sentence, and the menu. Pure. */
import type { ProtectionState } from '#contract/api.ts';
import type { Screen } from '#contract/shell-bridge.ts';
import type { Task } from '#contract/task-api.ts';
import { costText, durationText } from './amounts.ts';
import { headlinesOf, knownHomes, nameOf, type Headlines, type KnownHome } from './headline.ts';
import type { ShellState } from './shell-state.ts';
import { wordsOf, type Language, type Words } from './words.ts';

/** What a click asks for. */
export type TrayAction =
  | {
      readonly kind: 'open';
      readonly screen: Screen | undefined;
      /** Of the home to show, where there are several; else the one on screen. */
      readonly networkName?: string | undefined;
    }
  | { readonly kind: 'sync' }
  | { readonly kind: 'pause'; readonly until: 'hour' | 'tomorrow' }
  | { readonly kind: 'resume' }
  /** `networkName`: of a home beside the served one. */
  | { readonly kind: 'renew'; readonly networkName: string | undefined }
  | { readonly kind: 'quit' };

export type TrayItem =
  | { readonly kind: 'separator' }
  | { readonly kind: 'text'; readonly label: string }
  | {
      readonly kind: 'action';
      readonly label: string;
      readonly isEnabled: boolean;
      readonly action: TrayAction;
    };

export interface TrayView {
  readonly state: ProtectionState;
  readonly sentence: string;
  readonly items: readonly TrayItem[];
  /** From 0 to 1 while something with a known end runs. */
  readonly progress: number | undefined;
}

/** More would make a menu that nobody reads. */
const TASKS_SHOWN_MAX = 3;

const SEPARATOR: TrayItem = { kind: 'separator' };

export function trayView(state: ShellState, language: Language): TrayView {
  const words = wordsOf[language];
  const { overall, homes } = headlinesOf(state, language);
  const known = knownHomes(state);
  const running = known.flatMap((of) =>
    of.tasks.filter((task) => task.state === 'running').map((task) => ({ ...task, of })),
  );
  return {
    state: overall.state,
    sentence: overall.sentence,
    progress: progressOf(running),
    items: [
      ...homes.flatMap((headline) => headlineItems(headline, known, words)),
      ...taskItems(running, known, words),
      SEPARATOR,
      ...actionItems(state, known, words, language),
      SEPARATOR,
      action(words.openFloe, { kind: 'open', screen: undefined }),
      action(words.quit, { kind: 'quit' }),
    ],
  };
}

function action(label: string, given: TrayAction, isEnabled = true): TrayItem {
  return { kind: 'action', label, isEnabled, action: given };
}

/** A menu item is one line: each sentence gets its own. */
function linesOf(text: string): string[] {
  return text.split(/(?<=[.?]) (?=[\p{Lu}„“"])/u);
}

function headlineItems(
  { sentence, next, of }: Headlines['homes'][number],
  known: readonly KnownHome[],
  words: Words,
): TrayItem[] {
  const lines = linesOf(sentence).map((label): TrayItem => ({ kind: 'text', label }));
  if (!next) return lines;
  return [...lines, action(words.next(next.step), opening(of, known, next.screen))];
}

/** Open the window at a screen of this home. */
function opening(
  { networkName, home }: KnownHome,
  known: readonly KnownHome[],
  screen: Screen | undefined,
): TrayAction {
  if (known.length === 1) return { kind: 'open', screen };
  return {
    kind: 'open',
    screen: screen ?? 'folders',
    networkName: networkName ?? home?.networkName,
  };
}

/** A task, and the home that it runs in. */
type ShownTask = Task & { readonly of: KnownHome };

function taskItems(
  running: readonly ShownTask[],
  known: readonly KnownHome[],
  words: Words,
): TrayItem[] {
  const items = running
    .slice(0, TASKS_SHOWN_MAX)
    .map((task) => action(taskLabel(task, words), opening(task.of, known, 'activity')));
  const hidden = running.length - items.length;
  return hidden > 0 ? [...items, { kind: 'text', label: words.more(hidden) }] : items;
}

function taskLabel(task: Task, words: Words): string {
  const fraction = fractionOf(task);
  const remainingMs = task.progress?.remainingMs;
  return [
    words.task[task.kind](task.folderName ?? words.everything),
    ...(fraction === undefined ? [] : [`${String(Math.floor(fraction * 100))} %`]),
    ...(remainingMs === undefined ? [] : [words.timeLeft(durationText(remainingMs))]),
  ].join(', ');
}

function fractionOf({ progress }: Task): number | undefined {
  if (!progress?.bytesTotal) return undefined;
  return Math.min(1, progress.bytesDone / progress.bytesTotal);
}

function progressOf(running: readonly Task[]): number | undefined {
  const known = running.map(fractionOf).filter((fraction) => fraction !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, fraction) => sum + fraction, 0) / known.length;
}

function actionItems(
  state: ShellState,
  known: readonly KnownHome[],
  words: Words,
  language: Language,
): TrayItem[] {
  if (state.link === 'up' && state.home?.state === 'empty') {
    return [action(words.setUp, { kind: 'open', screen: undefined })];
  }
  const isOpen = openHomes(state).length > 0;
  const unlocking = unlockItems(state, known, words);
  if (unlocking.length > 0 && !isOpen) return unlocking;
  const isPaused = known.some(({ status }) => status?.pause?.reason === 'asked');
  return [
    ...unlocking,
    action(words.syncNow, { kind: 'sync' }, isOpen),
    ...(isPaused
      ? [action(words.resume, { kind: 'resume' }, isOpen)]
      : [
          action(words.pauseHour, { kind: 'pause', until: 'hour' }, isOpen),
          action(words.pauseTomorrow, { kind: 'pause', until: 'tomorrow' }, isOpen),
        ]),
    action(words.restore, { kind: 'open', screen: 'restore' }, isOpen),
    ...renewItems(state, known, words, language),
  ];
}

/** Those that do what they are asked. */
export function openHomes(state: ShellState): KnownHome[] {
  return knownHomes(state).filter((of) => isOpenHome(state, of));
}

const isOpenHome = ({ link }: ShellState, { home, problem }: KnownHome): boolean =>
  link === 'up' && !problem && home?.state === 'open';

function unlockItems({ link }: ShellState, known: readonly KnownHome[], words: Words): TrayItem[] {
  const locked = known.filter(({ home }) => link === 'up' && home?.state === 'locked');
  return locked.map((of) =>
    action(namedIfSeveral(of, known, words.unlock, words), opening(of, known, undefined)),
  );
}

/** Each home pays from a wallet of its own. */
function renewItems(
  state: ShellState,
  known: readonly KnownHome[],
  words: Words,
  language: Language,
): TrayItem[] {
  const due = known.flatMap((of) => (of.renewal?.folders.length ? [{ of, plan: of.renewal }] : []));
  if (due.length === 0) {
    const isKnown = known.some(({ renewal }) => renewal);
    const label = isKnown ? words.renewNothing : words.renewUnknown;
    return [action(label, { kind: 'renew', networkName: undefined }, false)];
  }
  return due.map(({ of, plan }) => {
    const { networkName } = of;
    const label = words.renewNow(costText(plan.cost, language));
    return action(
      namedIfSeveral(of, known, label, words),
      { kind: 'renew', networkName },
      isOpenHome(state, of),
    );
  });
}

const namedIfSeveral = (
  of: KnownHome,
  known: readonly KnownHome[],
  label: string,
  words: Words,
): string => (known.length > 1 ? words.named(nameOf(of, words), label) : label);

/** When a pause ends that was asked for in the tray. Tomorrow begins when people get up. */
export function pauseEndMs(until: 'hour' | 'tomorrow', now: Date): number {
  if (until === 'hour') return now.getTime() + 3_600_000;
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(6, 0, 0, 0);
  return morning.getTime();
}
