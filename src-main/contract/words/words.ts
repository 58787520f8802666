/**
 * @file The words for what the engine tells, in the language on screen: one table for window, tray
 * and notifications, so that they say the same.
 *
 * English is the engine's own sentence with its figures; the table has the next steps that a window
 * has and a command line has not. Every other language makes the sentence from code and values.
 */
import type { SerializedError } from '../errors.ts';
import type { Saying, Told } from '../told.ts';
import { problemsDe, type Words } from './problems-de.ts';
import { nextStepsEn } from './problems-en.ts';
import { toldDe } from './told-de.ts';
import { toldNextEn } from './told-en.ts';
import type { Language } from './values.ts';

export type { Words };

/** A failure as it crosses a wire, or what a status keeps of one. */
export type ToldProblem = Pick<SerializedError, 'code' | 'message' | 'next'> &
  Partial<Pick<SerializedError, 'context'>>;

export function problemWords(problem: ToldProblem, language: Language): Words {
  const { code, message, next, context = {} } = problem;
  switch (language) {
    case 'en': {
      const step = nextStepsEn[code] ?? asSentence(next);
      return {
        happened: asSentence(message),
        next: typeof step === 'function' ? step(context) : step,
      };
    }
    case 'de': {
      const words = problemsDe[code];
      return typeof words === 'function' ? words(context) : words;
    }
  }
}

export function sayingWords({ sentence, next, told }: Saying, language: Language): Words {
  // An earlier release kept the English sentence alone.
  if (told === undefined) return { happened: sentence, next };
  if (told.what === 'problem') {
    const words = problemWords(told.problem, language);
    const { folder } = told;
    return folder === undefined ? words : { ...words, happened: `${folder}: ${words.happened}` };
  }
  switch (language) {
    case 'en':
      return { happened: sentence, next: toldNextEn[told.what] ?? next };
    case 'de':
      return germanOf(told);
  }
}

function germanOf(told: Exclude<Told, { readonly what: 'problem' }>): Words {
  if (told.what === 'renewal-stuck') {
    const { happened, next } = problemWords(told.problem, 'de');
    return { happened: `Der Tresor lässt sich nicht ganz verlängern: ${happened}`, next };
  }
  // The table has a function for each `what`, of its own values.
  const words = toldDe[told.what] as (values: typeof told) => Words;
  return words(told);
}

/** The engine's messages are phrases for a log; here they begin and end as sentences do. */
function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return begun === '' || /[.?]$/.test(begun) ? begun : `${begun}.`;
}
