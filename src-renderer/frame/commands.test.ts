/** @file Commands are found by a few letters. */
import { describe, expect, test } from 'vitest';
import { matchCommands } from './commands.ts';

const commands = [
  'Go to Folders',
  'Sync now',
  'Sync Fotos',
  'Open Übungen',
  'Restore from Fotos',
].map((label) => ({ id: label, label, run: () => undefined }));
const found = (text: string): string[] => matchCommands(commands, text).map(({ label }) => label);

describe('a command', () => {
  test.each([
    { text: 'sync', expected: ['Sync now', 'Sync Fotos'] },
    { text: 'fotos', expected: ['Sync Fotos', 'Restore from Fotos'] },
    { text: 'ubung', expected: ['Open Übungen'] },
    { text: 'rff', expected: ['Restore from Fotos'] },
    { text: 'zzz', expected: [] },
  ])('is found by "$text"', ({ text, expected }) => {
    expect(found(text)).toEqual(expected);
  });

  test('is among all of them while nothing is typed', () => {
    expect(found('  ')).toHaveLength(commands.length);
  });
});
