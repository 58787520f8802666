import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerFrom, type Answer } from './page-files.ts';

let folder: string;
let answer: (method: string, url: string) => Answer;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'floe-pages-'));
  mkdirSync(join(folder, 'pages/assets'), { recursive: true });
  writeFileSync(join(folder, 'pages/index.html'), 'index');
  writeFileSync(join(folder, 'pages/assets/main.js'), 'script');
  writeFileSync(join(folder, 'pages/assets/main.js.map'), 'map');
  writeFileSync(join(folder, 'secret.html'), 'secret');
  answer = answerFrom(join(folder, 'pages'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the app’s own origin', () => {
  test.each([
    { url: 'app://floe/', body: 'index' },
    { url: 'app://floe/index.html#/storage', body: 'index' },
    { url: 'app://floe/assets/main.js?v=2', body: 'script' },
  ])('has $url', ({ url, body }) => {
    const { status, body: bytes } = answer('GET', url);
    expect({ status, body: bytes.toString() }).toEqual({ status: 200, body });
  });

  test.each([
    { name: 'a file beside the pages', url: 'app://floe/../secret.html' },
    { name: 'the same, encoded', url: 'app://floe/%2e%2e/secret.html' },
    { name: 'the same, with the slash encoded', url: 'app://floe/..%2fsecret.html' },
    { name: 'a file of the system', url: 'app://floe//etc/passwd' },
    { name: 'a folder', url: 'app://floe/assets/' },
    { name: 'a type that no page uses', url: 'app://floe/assets/main.js.map' },
    { name: 'a name of every object', url: 'app://floe/constructor' },
    { name: 'another host', url: 'app://other/index.html' },
    { name: 'another scheme', url: 'https://floe/index.html' },
  ])('has not $name', ({ url }) => {
    expect(answer('GET', url).status).toBe(404);
  });

  test('answers no other method', () => {
    expect(answer('POST', 'app://floe/').status).toBe(404);
  });

  test.each(['app://floe/', 'app://floe/nothing'])('sends its policy with %s', (url) => {
    const { headers } = answer('GET', url);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
