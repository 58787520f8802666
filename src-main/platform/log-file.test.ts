import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#test/support/tree.ts';
import { openLogFile, openLogger } from './log-file.ts';
import { systemClock } from './system-clock.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder.remove());

describe('openLogger', () => {
  test('writes one JSON object a line', () => {
    const lines: string[] = [];
    const clock = { ...systemClock, nowMs: () => 0 };
    openLogger(clock, (line) => lines.push(line)).info('scan done', { files: 3, isFull: true });
    expect(lines).toEqual([
      '{"at":"1970-01-01T00:00:00.000Z","level":"info","message":"scan done","files":3,"isFull":true}\n',
    ]);
  });

  test.each([
    { name: 'a path', value: '/home/ann/taxes.pdf' },
    { name: 'a path of Windows', value: 'C:\\taxes' },
    { name: 'recovery words', value: 'abandon ability able about' },
    { name: 'something long', value: 'x'.repeat(81) },
  ])('leaves out $name', ({ value }) => {
    const lines: string[] = [];
    openLogger(systemClock, (line) => lines.push(line)).warn('odd', { value });
    expect(lines[0]).not.toContain(value);
    expect(lines[0]).toContain('[left out]');
  });

  test('a field can not pass for the message', () => {
    const lines: string[] = [];
    openLogger(systemClock, (line) => lines.push(line)).info('true', { message: 'false' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: 'true' });
  });
});

describe('openLogFile', () => {
  test('keeps one older file and bounds both', () => {
    const path = join(folder.path, 'logs/engine.log');
    const log = openLogFile(path, 100);
    for (let index = 0; index < 50; index += 1) log.sink(`${String(index).padStart(19)}\n`);
    log.close();
    expect(statSync(path).size).toBeLessThanOrEqual(100);
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(100);
    expect(readFileSync(path, 'utf8')).toContain('49');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('goes on in the file that is there', () => {
    const path = join(folder.path, 'engine.log');
    for (const line of ['one\n', 'two\n']) {
      const log = openLogFile(path);
      log.sink(line);
      log.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  test('a log that cannot be written stops nothing', () => {
    const log = openLogFile(join(folder.path, 'no\0such'));
    expect(() => log.sink('x\n')).not.toThrow();
  });
});
