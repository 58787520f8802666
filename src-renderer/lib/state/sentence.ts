/**
 * @file The first line of every view: one true sentence about everything, in the language on screen.
 * Computed from the status and the state of the connection, never decorative. Of several homes the
 * one that stands worst is told.
 */
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { HomeState } from '#contract/home-api.ts';
import { describeProblem } from '../words/problem-words.ts';
import { say, words } from '../words/words.svelte.ts';

export interface Answer {
  readonly state: 'protected' | 'working' | 'attention' | 'none';
  readonly text: string;
}

export interface Known {
  readonly isUp: boolean;
  readonly isLost: boolean;
  readonly home: HomeState | undefined;
  readonly status: VaultStatus | undefined;
}

export function answerOf({ isUp, isLost, home, status }: Known): Answer {
  if (isLost) return { state: 'attention', text: say('sentence.away') };
  if (!isUp || !home) return { state: 'none', text: say('sentence.connecting') };
  if (home.state === 'locked') return { state: 'attention', text: say('sentence.locked') };
  if (home.state === 'failed') return { state: 'attention', text: say('sentence.failed') };
  if (home.state === 'opening' || !status) return { state: 'none', text: say('sentence.opening') };
  return answerOfVault(status);
}

/** A home beside another: what it is called, and why it cannot be served. */
export interface NamedHome extends Known {
  readonly name: string;
  readonly problem?: SerializedError | undefined;
}

const SEVERITY: readonly Answer['state'][] = ['none', 'protected', 'working', 'attention'];

/** Of all homes, that on screen first. */
export function answerOfHomes(shown: NamedHome, beside: readonly NamedHome[]): Answer {
  const own = answerOf(shown);
  if (shown.isLost || !shown.isUp) return own;
  const telling = [shown, ...beside]
    .map((home) => ({ home, answer: answerOfNamed(home) }))
    // Nothing is said of a vault without folders, as the try-out is when all have moved.
    .filter(({ home, answer }) => answer.state !== 'none' || !home.status);
  const [first, ...more] = telling;
  if (!first || more.length === 0) return first?.answer ?? own;
  const worst = telling.reduce((one, other) =>
    SEVERITY.indexOf(other.answer.state) > SEVERITY.indexOf(one.answer.state) ? other : one,
  );
  if (telling.every(({ answer }) => answer.state === 'protected')) {
    const statuses = telling.flatMap(({ home }) => (home.status ? [home.status] : []));
    return { state: 'protected', text: protectedTogether(statuses) };
  }
  if (worst.answer.state === 'none') return own;
  const text = say('sentence.named', { network: worst.home.name, text: worst.answer.text });
  return { state: worst.answer.state, text };
}

function answerOfNamed(home: NamedHome): Answer {
  if (!home.problem) return answerOf(home);
  return { state: 'attention', text: describeProblem(home.problem).happened };
}

function answerOfVault(status: VaultStatus): Answer {
  if (status.problem) {
    return { state: 'attention', text: describeProblem(status.problem).happened };
  }
  const here = foldersHere(status);
  const troubled = here.filter((folder) => folder.state === 'attention');
  const [onlyTroubled] = troubled;
  if (onlyTroubled && troubled.length === 1 && onlyTroubled.problem) {
    const problem = describeProblem(onlyTroubled.problem).happened;
    return {
      state: 'attention',
      text: say('sentence.problem', { folder: onlyTroubled.name, problem }),
    };
  }
  if (troubled.length > 0) {
    return { state: 'attention', text: say('sentence.problems', { count: troubled.length }) };
  }
  const working = here.filter((folder) => folder.state === 'working');
  const [onlyWorking] = working;
  if (onlyWorking) {
    const text =
      working.length === 1
        ? say('sentence.working', { folder: onlyWorking.name })
        : say('sentence.working-many', { count: working.length });
    const tryOut = status.network.isTryOut ? `${say('tryout.line')} ` : '';
    return { state: 'working', text: `${tryOut}${text}` };
  }
  if (here.length === 0) {
    return {
      state: 'none',
      text: say(status.folders.length === 0 ? 'sentence.none' : 'sentence.restored-only'),
    };
  }
  return { state: 'protected', text: protectedSentence(here, status.network.isTryOut) };
}

function protectedSentence(folders: readonly FolderStatus[], isTryOut: boolean): string {
  const ends = folders.flatMap(({ protectedUntil }) =>
    protectedUntil ? [protectedUntil.atMs] : [],
  );
  if (ends.length < folders.length) {
    return isTryOut ? say('tryout.line') : say('sentence.all-undated');
  }
  const date = words.format.date(Math.min(...ends));
  return isTryOut ? say('tryout.all', { date }) : say('sentence.all', { date });
}

function protectedTogether(statuses: readonly VaultStatus[]): string {
  const ends = statuses.flatMap(foldersHere).map(({ protectedUntil }) => protectedUntil?.atMs);
  const known = ends.filter((atMs) => atMs !== undefined);
  if (known.length < ends.length) return say('sentence.all-undated');
  const date = words.format.date(Math.min(...known));
  const hasTryOut = statuses.some(({ network }) => network.isTryOut);
  return say(hasTryOut ? 'sentence.all-try-out' : 'sentence.all', { date });
}

const foldersHere = ({ folders }: VaultStatus): FolderStatus[] =>
  folders.filter(({ isHere, removed }) => isHere && !removed);
