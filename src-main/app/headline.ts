/**
 * @file How everything stands, in one sentence: of each home, and of all that this computer has.
 * Pure.
 *
 * The states are the engine's own, made worse by what only the shell can see: no engine, no vault,
 * locked. A sentence claims protection only when the engine's status does. Of several homes the one
 * that stands worst is told.
 */
import type { FolderStatus, ProtectionState, VaultStatus } from '#contract/api.ts';
import type { ErrorCode } from '#contract/errors.ts';
import type { Screen } from '#contract/shell-bridge.ts';
import { problemWords, type ToldProblem } from '#contract/words/words.ts';
import { dateText, timeText } from './amounts.ts';
import type { OtherHomeFacts, ShellState } from './shell-state.ts';
import { wordsOf, type Language, type Words } from './words.ts';

export interface Headline {
  readonly state: ProtectionState;
  readonly sentence: string;
  /** What a person can do about it, and where. */
  readonly next?: { readonly step: string; readonly screen: Screen | undefined } | undefined;
}

/** The home that is served or one beside it, which has the name of its network. */
export type KnownHome = Omit<OtherHomeFacts, 'networkName'> & {
  readonly networkName: string | undefined;
};

export interface Headlines {
  readonly overall: Headline;
  /** Of every home that has something to say. */
  readonly homes: readonly (Headline & { readonly of: KnownHome })[];
}

const SEVERITY: readonly ProtectionState[] = ['protected', 'working', 'attention'];

/** Where the window has what a next step asks for; elsewhere its first page says more. */
const SCREENS: Partial<Readonly<Record<ErrorCode, Screen>>> = {
  'balance-low': 'storage',
  'cap-exceeded': 'storage',
  'quorum-missing': 'network',
  'rpc-unreachable': 'network',
  'rpc-disagreement': 'network',
};

/** Proper names, the same in every language. */
const PUBLIC_NETWORKS: Readonly<Record<string, string>> = {
  testnet: 'Testnet',
  mainnet: 'Mainnet',
};

/** The served home, and those beside it in which a vault is or may be. */
export function knownHomes(state: ShellState): [KnownHome, ...KnownHome[]] {
  const beside = state.others.filter(({ home, problem }) => problem ?? home?.state !== 'empty');
  return [{ ...state, networkName: undefined, problem: undefined }, ...beside];
}

export function headlinesOf(state: ShellState, language: Language): Headlines {
  const words = wordsOf[language];
  const all = knownHomes(state);
  const telling = all.filter((home) => !hasNothingToTell(home));
  const away = engineAway(state, words, language);
  if (away || telling.length < 2) {
    const of = telling[0] ?? all[0];
    const overall = away ?? headlineOf(of, words, language);
    return { overall, homes: [{ ...overall, of }] };
  }
  const homes = telling.map((of) => ({ ...namedHeadline(of, words, language), of }));
  const worst = homes.reduce((one, other) =>
    SEVERITY.indexOf(other.state) > SEVERITY.indexOf(one.state) ? other : one,
  );
  const isCalm = worst.state === 'protected';
  return { overall: isCalm ? calmHeadline(telling, words, language) : worst, homes };
}

/** While no engine answers, nothing that was known before is claimed. */
function engineAway(
  { link, engineProblem, home }: ShellState,
  words: Words,
  language: Language,
): Headline | undefined {
  if (link === 'up') return undefined;
  if (engineProblem) return trouble(engineProblem, language, words.engineFailed);
  const sentence = link === 'down' && home ? words.engineAway : words.starting;
  return { state: 'working', sentence };
}

/** A vault without folders, as the try-out is when they all have moved. */
function hasNothingToTell({ problem, home, status, statusProblem }: KnownHome): boolean {
  if (problem || home?.state !== 'open' || statusProblem) return false;
  return status !== undefined && !status.problem && foldersHere(status).length === 0;
}

const foldersHere = ({ folders }: VaultStatus): FolderStatus[] =>
  folders.filter(({ removed, isHere }) => isHere && !removed);

export const nameOf = ({ networkName, home }: KnownHome, words: Words): string => {
  const name = networkName ?? home?.networkName ?? '';
  return home?.isTryOut ? words.tryOutName : (PUBLIC_NETWORKS[name] ?? name);
};

function namedHeadline(of: KnownHome, words: Words, language: Language): Headline {
  const headline = bareHeadline(of, words, language);
  return { ...headline, sentence: words.named(nameOf(of, words), headline.sentence) };
}

function headlineOf(of: KnownHome, words: Words, language: Language): Headline {
  const headline = bareHeadline(of, words, language);
  if (!of.status?.network.isTryOut || of.home?.state !== 'open') return headline;
  return { ...headline, sentence: `${words.tryOut} ${headline.sentence}` };
}

/** Without a word of where it is. */
function bareHeadline(of: KnownHome, words: Words, language: Language): Headline {
  const { problem, home, status, statusProblem } = of;
  if (problem) return trouble(problem, language);
  switch (home?.state) {
    case 'empty':
      return { state: 'attention', sentence: words.empty };
    case 'locked':
      // Its next step has an item of its own: unlock.
      return { state: 'attention', sentence: words.locked };
    case 'failed':
      return home.problem
        ? trouble(home.problem, language, words.failed)
        : { state: 'attention', sentence: words.failed('') };
    case undefined:
    case 'opening':
      return { state: 'working', sentence: words.starting };
    case 'open':
      if (statusProblem) return trouble(statusProblem, language);
      return status
        ? statusHeadline(of, status, words, language)
        : { state: 'working', sentence: words.starting };
  }
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

/** The engine's own sentence is English; this says the same from the same facts. */
function statusHeadline(
  { home }: KnownHome,
  status: VaultStatus,
  words: Words,
  language: Language,
): Headline {
  const folders = foldersHere(status);
  const troubled = folders.find(({ problem }) => problem);
  const headline = status.problem
    ? trouble(status.problem, language)
    : troubled?.problem
      ? trouble(troubled.problem, language, (happened) => words.attention(troubled.name, happened))
      : { state: status.state, sentence: calmSentence(home, status, folders, words, language) };
  return { ...headline, sentence: withPause(headline.sentence, status, words, language) };
}

function calmSentence(
  home: KnownHome['home'],
  status: VaultStatus,
  folders: readonly FolderStatus[],
  words: Words,
  language: Language,
): string {
  if (folders.length === 0) return words.noFolder;
  const waiting = folders.filter(({ protectedUntil }) => !protectedUntil);
  if (waiting.length > 0) return words.notYet(waiting.map(({ name }) => name).join(', '));
  if (home?.isKitConfirmed === false) return words.wordsUnconfirmed;
  const date = dateText(Math.min(...endsOf(folders)), language);
  return status.network.isTryOut ? words.tryOutUntil(date) : words.protectedUntil(date);
}

/** Of several homes, each with folders and all of them protected. */
function calmHeadline(homes: readonly KnownHome[], words: Words, language: Language): Headline {
  const statuses = homes.flatMap(({ status }) => (status ? [status] : []));
  const ends = statuses.flatMap((status) => endsOf(foldersHere(status)));
  const date = dateText(Math.min(...ends), language);
  const sentence = statuses.some(({ network }) => network.isTryOut)
    ? words.protectedButTryOut(date)
    : words.protectedUntil(date);
  const paused = statuses.find(({ pause }) => pause);
  return { state: 'protected', sentence: withPause(sentence, paused, words, language) };
}

const endsOf = (folders: readonly FolderStatus[]): number[] =>
  folders.flatMap(({ protectedUntil: end }) => (end ? [end.atMs] : []));

function withPause(
  sentence: string,
  status: VaultStatus | undefined,
  words: Words,
  language: Language,
): string {
  const pause = pauseText(status?.pause, words, language);
  return pause === undefined ? sentence : `${sentence} ${pause}`;
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
