/**
 * @file What the tray shows, as a value: state, one sentence, and the menu. Pure.
 *
 * The states are the engine's own, made worse by what only the shell can see: no engine, no vault,
 * locked. A sentence claims protection only when the engine's status does.
 */
import type { FolderStatus, ProtectionState, VaultStatus } from '#contract/api.ts';
import type { ErrorCode } from '#contract/errors.ts';
import type { Screen } from '#contract/shell-bridge.ts';
import type { Task } from '#contract/task-api.ts';
import { problemWords, type ToldProblem } from '#contract/words/words.ts';
import { costText, dateText, durationText, timeText } from './amounts.ts';
import type { ShellState } from './shell-state.ts';
import { wordsOf, type Language, type Words } from './words.ts';

/** What a click asks for. */
export type TrayAction =
  | { readonly kind: 'open'; readonly screen: Screen | undefined }
  | { readonly kind: 'sync' }
  | { readonly kind: 'pause'; readonly until: 'hour' | 'tomorrow' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'renew' }
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
  const { state: shown, sentence, next } = headline(state, words, language);
  const running = state.tasks.filter((task) => task.state === 'running');
  return {
    state: shown,
    sentence,
    progress: progressOf(running),
    items: [
      ...linesOf(sentence).map((label) => ({ kind: 'text' as const, label })),
      ...(next ? [action(words.next(next.step), { kind: 'open', screen: next.screen })] : []),
      ...taskItems(running, words),
      SEPARATOR,
      ...actionItems(state, words, language),
      SEPARATOR,
      action(words.openFloe, { kind: 'open', screen: undefined }),
      action(words.quit, { kind: 'quit' }),
    ],
  };
}

function action(label: string, given: TrayAction, isEnabled = true): TrayItem {
  return { kind: 'action', label, isEnabled, action: given };
}

interface Headline {
  readonly state: ProtectionState;
  readonly sentence: string;
  /** What a person can do about it, and where. */
  readonly next?: { readonly step: string; readonly screen: Screen | undefined } | undefined;
}

/** Where the window has what a next step asks for; elsewhere its first page says more. */
const SCREENS: Partial<Readonly<Record<ErrorCode, Screen>>> = {
  'balance-low': 'storage',
  'cap-exceeded': 'storage',
  'quorum-missing': 'network',
  'rpc-unreachable': 'network',
  'rpc-disagreement': 'network',
};

/** A menu item is one line: each sentence gets its own. */
function linesOf(text: string): string[] {
  return text.split(/(?<=[.?]) (?=[\p{Lu}„“"])/u);
}

function trouble(
  problem: ToldProblem,
  language: Language,
  sentenceOf: (happened: string) => string = (happened) => happened,
): Headline {
  const { happened, next } = problemWords(problem, language);
  return {
    state: 'attention',
    sentence: sentenceOf(happened),
    next: next === '' ? undefined : { step: next, screen: SCREENS[problem.code] },
  };
}

function headline(state: ShellState, words: Words, language: Language): Headline {
  const { link, engineProblem, home, status, statusProblem } = state;
  if (link !== 'up' && engineProblem) {
    return trouble(engineProblem, language, words.engineFailed);
  }
  if (link !== 'up' || !home) {
    return {
      state: 'working',
      sentence: link === 'down' && home ? words.engineAway : words.starting,
    };
  }
  switch (home.state) {
    case 'empty':
      return { state: 'attention', sentence: words.empty };
    case 'locked':
      // Its next step has an item of its own: unlock.
      return { state: 'attention', sentence: words.locked };
    case 'failed':
      return home.problem
        ? trouble(home.problem, language, words.failed)
        : { state: 'attention', sentence: words.failed('') };
    case 'opening':
      return { state: 'working', sentence: words.starting };
    case 'open':
      if (statusProblem) return trouble(statusProblem, language);
      return status
        ? statusHeadline(state, status, words, language)
        : { state: 'working', sentence: words.starting };
  }
}

/** The engine's own sentence is English; this says the same from the same facts. */
function statusHeadline(
  { home }: ShellState,
  status: VaultStatus,
  words: Words,
  language: Language,
): Headline {
  const folders = status.folders.filter(({ removed, isHere }) => isHere && !removed);
  const troubled = folders.find(({ problem }) => problem);
  const headline = status.problem
    ? trouble(status.problem, language)
    : troubled?.problem
      ? trouble(troubled.problem, language, (happened) => words.attention(troubled.name, happened))
      : { state: status.state, sentence: calmSentence(home, status, folders, words, language) };
  const { isTryOut } = status.network;
  const pause = pauseText(status.pause, words, language);
  const parts = [...(isTryOut ? [words.tryOut] : []), headline.sentence, ...(pause ? [pause] : [])];
  return { ...headline, sentence: parts.join(' ') };
}

function calmSentence(
  home: ShellState['home'],
  status: VaultStatus,
  folders: readonly FolderStatus[],
  words: Words,
  language: Language,
): string {
  if (folders.length === 0) return words.noFolder;
  const waiting = folders.filter(({ protectedUntil }) => !protectedUntil);
  if (waiting.length > 0) return words.notYet(waiting.map(({ name }) => name).join(', '));
  if (home?.isKitConfirmed === false) return words.wordsUnconfirmed;
  const ends = folders.flatMap(({ protectedUntil: end }) => (end ? [end.atMs] : []));
  const date = dateText(Math.min(...ends), language);
  return status.network.isTryOut ? words.tryOutUntil(date) : words.protectedUntil(date);
}

function pauseText(
  pause: VaultStatus['pause'],
  words: Words,
  language: Language,
): string | undefined {
  switch (pause?.reason) {
    case undefined:
      return undefined;
    case 'metered':
      return words.pausedMetered;
    case 'battery':
      return words.pausedBattery;
    case 'offline':
      return words.pausedOffline;
    case 'asked':
      return pause?.untilMs === undefined
        ? words.paused
        : words.pausedUntil(timeText(pause.untilMs, language));
  }
}

function taskItems(running: readonly Task[], words: Words): TrayItem[] {
  const items = running
    .slice(0, TASKS_SHOWN_MAX)
    .map((task) => action(taskLabel(task, words), { kind: 'open', screen: 'activity' }));
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

function actionItems(state: ShellState, words: Words, language: Language): TrayItem[] {
  const { link, home, status } = state;
  if (link === 'up' && home?.state === 'empty') {
    return [action(words.setUp, { kind: 'open', screen: undefined })];
  }
  if (link === 'up' && home?.state === 'locked') {
    return [action(words.unlock, { kind: 'open', screen: undefined })];
  }
  const isOpen = link === 'up' && home?.state === 'open';
  const isPaused = status?.pause?.reason === 'asked';
  return [
    action(words.syncNow, { kind: 'sync' }, isOpen),
    ...(isPaused
      ? [action(words.resume, { kind: 'resume' }, isOpen)]
      : [
          action(words.pauseHour, { kind: 'pause', until: 'hour' }, isOpen),
          action(words.pauseTomorrow, { kind: 'pause', until: 'tomorrow' }, isOpen),
        ]),
    action(words.restore, { kind: 'open', screen: 'restore' }, isOpen),
    renewItem(state, isOpen, words, language),
  ];
}

function renewItem(
  { renewal }: ShellState,
  isOpen: boolean,
  words: Words,
  language: Language,
): TrayItem {
  if (!renewal) return action(words.renewUnknown, { kind: 'renew' }, false);
  if (renewal.folders.length === 0) return action(words.renewNothing, { kind: 'renew' }, false);
  return action(words.renewNow(costText(renewal.cost, language)), { kind: 'renew' }, isOpen);
}

/** When a pause ends that was asked for in the tray. Tomorrow begins when people get up. */
export function pauseEndMs(until: 'hour' | 'tomorrow', now: Date): number {
  if (until === 'hour') return now.getTime() + 3_600_000;
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(6, 0, 0, 0);
  return morning.getTime();
}
