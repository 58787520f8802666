/**
 * @file What a person reads of a problem, in the language on screen.
 *
 * The engine's own sentence has the numbers, in English; its next step may speak of the command
 * line, and then the window has one of its own. Another language has both for each code.
 */
import type { ErrorCode } from '#contract/errors.ts';
import { sentences } from './problems/de.ts';
import { nextSteps } from './problems/en.ts';
import { words } from './words.svelte.ts';

export function describeProblem(problem: {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next: string;
}): { readonly happened: string; readonly next: string } {
  switch (words.language) {
    case 'en':
      return {
        happened: asSentence(problem.message),
        next: nextSteps[problem.code] ?? problem.next,
      };
    case 'de':
      return sentences[problem.code];
  }
}

/** The engine's messages are phrases for a log; here they begin and end as sentences do. */
function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?]$/.test(begun) ? begun : `${begun}.`;
}
