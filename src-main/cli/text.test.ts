import { describe, expect, test } from 'vitest';
import { progressText } from './progress.ts';
import { bytesText, coinText, countText, durationText, jsonText, tableLines } from './text.ts';

describe('numbers for people', () => {
  test.each([
    { bytes: 0, text: '0 B' },
    { bytes: 999, text: '999 B' },
    { bytes: 1_000, text: '1.0 kB' },
    { bytes: 3_249_000_000, text: '3.2 GB' },
    { bytes: 999_999, text: '1.0 MB' },
  ])('$bytes bytes are $text', ({ bytes, text }) => {
    expect(bytesText(bytes)).toBe(text);
  });

  test.each([
    { count: 0, text: '0 files' },
    { count: 1, text: '1 file' },
    { count: 1_204, text: '1,204 files' },
  ])('$count are $text', ({ count, text }) => {
    expect(countText(count, 'file')).toBe(text);
  });

  test.each([
    { ms: 400, text: '1 s' },
    { ms: 59_000, text: '59 s' },
    { ms: 240_000, text: '4 min' },
    { ms: 4_800_000, text: '1 h 20 min' },
  ])('$ms ms are $text', ({ ms, text }) => {
    expect(durationText(ms)).toBe(text);
  });

  test.each([
    { smallest: 0n, text: '0' },
    { smallest: 1n, text: '0.000000001' },
    { smallest: 7_560_000n, text: '0.00756' },
    { smallest: 12_000_000_000n, text: '12' },
    { smallest: -500_000_000n, text: '-0.5' },
  ])('$smallest of the smallest unit is $text', ({ smallest, text }) => {
    expect(coinText(smallest)).toBe(text);
  });

  test('amounts are decimal text in JSON', () => {
    expect(jsonText({ walFrost: 12n })).toBe('{"walFrost":"12"}');
  });

  test('columns line up, and the last one ends where its text ends', () => {
    expect(
      tableLines([
        ['a', 'b'],
        ['ccc', 'd'],
      ]),
    ).toEqual(['a    b', 'ccc  d']);
  });
});

describe('the progress line', () => {
  const event = {
    kind: 'progress',
    task: 'restore',
    folderId: '',
    folderName: 'Photos',
    filesDone: 20,
    filesTotal: 100,
    bytesDone: 2_000_000,
    bytesTotal: 10_000_000,
    elapsedMs: 10_000,
    current: undefined,
  } as const;

  test('tells bytes, files, rate and time left', () => {
    expect(progressText(event)).toBe(
      'Restoring Photos: 2.0 MB of 10.0 MB, 20 of 100 files, 200 kB/s, 40 s left',
    );
  });

  test('does not guess before a second has passed', () => {
    expect(progressText({ ...event, elapsedMs: 900 })).not.toContain('left');
  });
});
