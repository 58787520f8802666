/**
 * @file What somebody typed or pasted as their 24 words, judged field by field.
 *
 * The list of words is public; the words themselves stay in the fields and go to the host only.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';

export const WORD_COUNT = 24;

const known = new Set(wordlist);
/** In this list no two words begin with the same four letters. */
const SUGGESTIONS_MAX = 4;

export type FieldState = 'empty' | 'typing' | 'right' | 'wrong';

/** `typing`: not a word of the list yet, but the beginning of one. */
export function fieldState(text: string): FieldState {
  const word = text.trim().toLowerCase();
  if (word === '') return 'empty';
  if (known.has(word)) return 'right';
  return wordlist.some((candidate) => candidate.startsWith(word)) ? 'typing' : 'wrong';
}

/** The words that may be meant: those that begin so, else those that differ least. */
export function suggestions(text: string): readonly string[] {
  const word = text.trim().toLowerCase();
  if (word === '' || known.has(word)) return [];
  const beginning = wordlist.filter((candidate) => candidate.startsWith(word));
  if (beginning.length > 0) return beginning.slice(0, SUGGESTIONS_MAX);
  return wordlist
    .map((candidate) => ({ candidate, edits: editDistance(word, candidate) }))
    .filter(({ edits }) => edits <= 2)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ candidate }) => candidate);
}

/** Positions (from 0) that hold no word of the list, as long as something stands there. */
export function wrongFields(fields: readonly string[]): readonly number[] {
  return fields.flatMap((text, index) => {
    const state = fieldState(text);
    return state === 'wrong' || state === 'typing' ? [index] : [];
  });
}

/**
 * Spread a pasted text over the fields from `start`. Numbers and punctuation around the words are
 * left out, so that a list copied from anywhere fits.
 */
export function spreadPaste(
  fields: readonly string[],
  start: number,
  text: string,
): readonly string[] {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  // A single word is what somebody types.
  if (words.length < 2) return fields;
  const first = words.length >= WORD_COUNT ? 0 : start;
  return fields.map((field, index) => words[index - first] ?? field);
}

/** Levenshtein distance with two rows: words have at most eight letters. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isEqual = a[row - 1] === b[column - 1];
      current.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + (isEqual ? 0 : 1),
        ),
      );
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
