/**
 * @file What a person reads of a problem, in the language on screen.
 *
 * The engine's own sentence has the numbers, in English. Another language has a sentence of its own
 * for each code; a code without one shows the engine's.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { words } from './words.svelte.ts';

export function describeProblem(problem: {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next: string;
}): { readonly happened: string; readonly next: string } {
  if (words.language === 'en') {
    return { happened: problem.message, next: words.find(`next.${problem.code}`) ?? problem.next };
  }
  return {
    happened: words.find(`problem.${problem.code}`) ?? problem.message,
    next: words.find(`next.${problem.code}`) ?? problem.next,
  };
}
