/** @file What a person reads of what the engine tells, in the language on screen. */
import type { Saying } from '#contract/told.ts';
import { problemWords, sayingWords, type ToldProblem, type Words } from '#contract/words/words.ts';
import { words } from './words.svelte.ts';

export const describeProblem = (problem: ToldProblem): Words =>
  problemWords(problem, words.language);

export const describeSaying = (saying: Saying): Words => sayingWords(saying, words.language);
