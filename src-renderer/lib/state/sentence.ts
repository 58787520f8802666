/**
 * @file The first line of every view: one true sentence about everything, in the language on screen.
 * Computed from the status and the state of the connection, never decorative.
 */
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { HomeState } from '#contract/home-api.ts';
import { describeProblem } from '../words/problem-words.ts';
import { say, words } from '../words/words.svelte.ts';

export interface Answer {
  readonly state: 'protected' | 'working' | 'attention' | 'none';
  readonly text: string;
}

interface Known {
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

function answerOfVault(status: VaultStatus): Answer {
  if (status.problem) {
    return { state: 'attention', text: describeProblem(status.problem).happened };
  }
  const here = status.folders.filter((folder) => folder.isHere && !folder.removed);
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
