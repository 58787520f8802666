/** @file The languages hold the same sentences with the same placeholders. */
import { describe, expect, test } from 'vitest';
import { de } from './de/index.ts';
import { en } from './en/index.ts';
import { placeholdersIn } from './sentence.ts';
import type { Sentence } from './sentence.ts';

const english: Readonly<Record<string, Sentence>> = en;
const german: Readonly<Record<string, Sentence>> = de;
const forms = (sentence: Sentence | undefined): string[] =>
  sentence === undefined
    ? []
    : typeof sentence === 'string'
      ? [sentence]
      : [sentence.one, sentence.other];
const placeholders = (sentence: Sentence | undefined): string[] =>
  [...new Set(forms(sentence).flatMap(placeholdersIn))].sort();

describe('the German words', () => {
  test('have the keys of the English ones', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  test.each(Object.keys(english))('%s has the same placeholders and forms', (key) => {
    expect(placeholders(german[key])).toEqual(placeholders(english[key]));
    expect(typeof german[key]).toBe(typeof english[key]);
    expect(forms(german[key]).every((text) => text.trim() !== '')).toBe(true);
  });
});

describe('every sentence', () => {
  test.each([...Object.entries(english), ...Object.entries(german)])(
    '%s stays calm and has no loose brace',
    (_key, sentence) => {
      for (const text of forms(sentence)) {
        expect(text).not.toContain('!');
        expect(text.replaceAll(/\{\w+\}/g, '')).not.toMatch(/[{}]/);
      }
    },
  );
});
