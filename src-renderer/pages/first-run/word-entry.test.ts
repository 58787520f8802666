/** @file Typed and pasted words. */
import { expect, test } from 'vitest';
import { fieldState, spreadPaste, suggestions, WORD_COUNT, wrongFields } from './word-entry.ts';

const blank = Array.from({ length: WORD_COUNT }, () => '');

test.each([
  { text: '', state: 'empty' },
  { text: '   ', state: 'empty' },
  { text: 'abandon', state: 'right' },
  { text: ' Abandon ', state: 'right' },
  { text: 'aband', state: 'typing' },
  { text: 'abandom', state: 'wrong' },
  { text: 'zzz', state: 'wrong' },
] as const)('"$text" is $state', ({ text, state }) => {
  expect(fieldState(text)).toBe(state);
});

test.each([
  { name: 'the beginning of a word', text: 'aban', words: ['abandon'] },
  { name: 'a slip of a letter', text: 'abandom', words: ['abandon', 'random'] },
  { name: 'a whole word', text: 'abandon', words: [] },
  { name: 'nothing like a word', text: 'qqqqqqqq', words: [] },
])('$name suggests $words', ({ text, words }) => {
  expect(suggestions(text)).toEqual(words);
});

test('wrong fields are named by position, empty ones are not', () => {
  const fields = blank.with(0, 'abandon').with(4, 'abandom').with(9, 'zo');
  expect(wrongFields(fields)).toEqual([4, 9]);
});

test('a numbered list of 24 words fills all fields, wherever it is pasted', () => {
  const list = Array.from({ length: WORD_COUNT }, (_, index) => `${String(index + 1)}. zoo`);
  expect(spreadPaste(blank, 7, list.join('\n'))).toEqual(blank.map(() => 'zoo'));
});

test('a few words fill the fields from where they are pasted', () => {
  expect(spreadPaste(blank, 22, 'zoo able acid')).toEqual(blank.with(22, 'zoo').with(23, 'able'));
});

test('a single word is left to the field', () => {
  expect(spreadPaste(blank, 0, 'zoo')).toBe(blank);
});
