/**
 * The browser shell with real sockets, and the attacks it is made for. Each guard has a row that
 * fails when the guard is taken out: everything else about the request is right.
 */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADMISSION_PATH, CLOSE_CODES } from '#contract/browser-wire.ts';
import type { EngineEvent } from '#contract/events.ts';
import { absolutePath } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemRandom } from '#platform/system-random.ts';
import {
  admit,
  connectPage,
  openSocket,
  ownOrigin,
  postCode,
  request,
  type BrowserSession,
} from '#test/support/browser-client.ts';
import type { Answering } from '../conversation.ts';
import { Admissions, CODE_MS } from './admissions.ts';
import { serveBrowsers, type BrowserShell } from './browser-shell.ts';
import { readPages } from './pages.ts';

const INDEX = '<!doctype html><title>Floe</title>';
let folder: string;
let nowMs: number;
let admissions: Admissions;
let shell: BrowserShell;
let port: number;
let calls: string[];
let listener: ((event: EngineEvent) => void) | undefined;

const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
const recordFile = (): string => join(folder, 'browser.json');

const readAdmissions = (): Promise<Admissions> =>
  Admissions.read({
    files: openFileSystem(),
    place: absolutePath(recordFile()),
    clock,
    random: systemRandom,
  });

const answering: Answering = {
  call: async (method, _request, signal) => {
    calls.push(method);
    if (method !== 'wait') return method;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('gone')), { once: true });
    });
  },
  subscribe: (given) => {
    listener = given;
    return () => (listener = undefined);
  },
};

async function serve(wanted = 0): Promise<void> {
  const pages = await readPages(openFileSystem(), absolutePath(join(folder, 'pages')));
  shell = await serveBrowsers({
    answering,
    admissions,
    pages,
    port: wanted,
    clock,
    onAdmitted: () => undefined,
  });
  ({ port } = shell);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'floe-browser-'));
  mkdirSync(join(folder, 'pages/assets'), { recursive: true });
  writeFileSync(join(folder, 'pages/index.html'), INDEX);
  writeFileSync(join(folder, 'pages/assets/main.js'), 'export {};');
  writeFileSync(join(folder, 'pages/assets/main.js.map'), '{}');
  writeFileSync(join(folder, 'secret.txt'), 'not for pages');
  nowMs = 1_800_000_000_000;
  calls = [];
  admissions = await readAdmissions();
  await serve();
});

afterEach(async () => {
  await shell.close();
  rmSync(folder, { recursive: true });
});

describe('the files of the window', () => {
  test.each([
    { path: '/', type: 'text/html; charset=utf-8', body: INDEX },
    { path: '/index.html', type: 'text/html; charset=utf-8', body: INDEX },
    { path: '/assets/main.js', type: 'text/javascript; charset=utf-8', body: 'export {};' },
    { path: '/assets/main.js?v=2', type: 'text/javascript; charset=utf-8', body: 'export {};' },
  ])('$path is served', async ({ path, type, body }) => {
    const answer = await request(port, path);
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers['content-type']).toBe(type);
  });

  test.each([
    '/secret.txt',
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..\\secret.txt',
    '//etc/passwd',
    '/assets/main.js%00.html',
    '/assets/main.js.map',
    '/assets',
    '/constructor',
  ])('%s is not', async (path) => {
    expect(await request(port, path)).toMatchObject({ status: 404, body: '' });
  });

  test('a request for another place altogether is not answered with a file', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n\r\n`);
    const pieces: Buffer[] = [];
    for await (const piece of socket) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 404 /);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is no way to them', async (method) => {
    const headers = { origin: ownOrigin(port) };
    const answer = await request(port, '/', { method, headers });
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => /access-control/.test(name))).toEqual([]);
  });

  test('a window that was not built says so', async () => {
    const pages = readPages(openFileSystem(), absolutePath(join(folder, 'nowhere')));
    await expect(pages).rejects.toMatchObject({ code: 'ui-not-built' });
  });
});

test.each([
  { name: 'a page', path: '/', method: 'GET' },
  { name: 'nothing', path: '/nothing', method: 'GET' },
  { name: 'a refusal', path: ADMISSION_PATH, method: 'POST' },
])('$name comes with every protective header', async ({ path, method }) => {
  const { headers } = await request(port, path, { method });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect(headers).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('no other address of this computer answers', async () => {
  const host = `127.0.0.1:${String(port)}`;
  const call = request(port, '/', { address: '127.0.0.2', headers: { host } });
  await expect(call).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('a name that was bent to 127.0.0.1 (DNS rebinding)', () => {
  const foreign = (): string[] => [
    `evil.example:${String(port)}`,
    `127.0.0.1.evil.example:${String(port)}`,
    '127.0.0.1',
    `localhost:${String(port + 1)}`,
    'localhost',
  ];

  test('gets no page', async () => {
    for (const host of foreign()) {
      expect((await request(port, '/', { headers: { host } })).status, host).toBe(421);
    }
  });

  test('cannot use a code, even with an origin to match', async () => {
    const code = admissions.issueCode();
    for (const host of foreign()) {
      const answer = await postCode(port, code, { host, origin: `http://${host}` });
      expect(answer.status, host).toBe(421);
    }
    expect((await postCode(port, code)).status).toBe(200);
  });

  test('cannot open the engine, even with a session', async () => {
    const { cookie } = await admit(port, admissions.issueCode());
    for (const host of foreign()) {
      const opening = openSocket(port, { cookie, host, origin: `http://${host}` });
      await expect(opening, host).rejects.toThrow('421');
    }
  });

  test.each(['localhost', '[::1]'])('%s is no such name', async (name) => {
    const host = `${name}:${String(port)}`;
    expect((await request(port, '/', { headers: { host } })).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  const origins = (): string[] => [
    'http://evil.example',
    `http://127.0.0.1:${String(port + 1)}`,
    `https://127.0.0.1:${String(port)}`,
    `http://localhost:${String(port)}`,
    'null',
    '',
  ];

  test('cannot use a code', async () => {
    const code = admissions.issueCode();
    for (const origin of origins()) {
      expect((await postCode(port, code, { origin })).status, origin).toBe(403);
    }
    expect((await postCode(port, code)).status).toBe(200);
  });

  test('cannot open the engine, even with a session', async () => {
    const { cookie } = await admit(port, admissions.issueCode());
    for (const origin of origins()) {
      await expect(openSocket(port, { cookie, origin }), origin).rejects.toThrow('403');
    }
  });

  test('cannot post a code as a form would', async () => {
    const code = admissions.issueCode();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      expect((await postCode(port, code, { 'content-type': type })).status, type).toBe(415);
    }
  });
});

describe('a one-time code', () => {
  test('is good once', async () => {
    const code = admissions.issueCode();
    expect((await postCode(port, code)).status).toBe(200);
    expect((await postCode(port, code)).status).toBe(403);
  });

  test('makes one session of two requests at once', async () => {
    const code = admissions.issueCode();
    const answers = await Promise.all([postCode(port, code), postCode(port, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  });

  test('is good for some minutes', async () => {
    const code = admissions.issueCode();
    nowMs += CODE_MS;
    expect((await postCode(port, code)).status).toBe(403);
  });

  test.each([
    { name: 'another text', body: JSON.stringify({ code: 'a'.repeat(43) }) },
    { name: 'no text', body: JSON.stringify({ code: 7 }) },
    { name: 'no code', body: '{}' },
    { name: 'no JSON', body: 'code' },
    { name: 'nothing', body: '' },
  ])('is not $name', async ({ body }) => {
    admissions.issueCode();
    const headers = { origin: ownOrigin(port), 'content-type': 'application/json' };
    const answer = await request(port, ADMISSION_PATH, { method: 'POST', headers, body });
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('is not looked for in a large body', async () => {
    const headers = { origin: ownOrigin(port), 'content-type': 'application/json' };
    const body = JSON.stringify({ code: admissions.issueCode(), more: 'x'.repeat(2_000) });
    const answer = await request(port, ADMISSION_PATH, { method: 'POST', headers, body });
    expect(answer.status).toBe(413);
  });
});

describe('a session', () => {
  test('is a cookie that no script reads and no other site sends', async () => {
    const { headers } = await postCode(port, admissions.issueCode());
    const [cookie] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^floe-session-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test('is known when the page asks', async () => {
    const { cookie } = await admit(port, admissions.issueCode());
    expect((await request(port, ADMISSION_PATH, { headers: { cookie } })).status).toBe(204);
    expect((await request(port, ADMISSION_PATH)).status).toBe(401);
  });

  test.each([
    { name: 'no cookie', change: () => undefined },
    {
      name: 'a wrong cookie',
      change: (cookie: string) =>
        cookie.replace(/=A|=./, (first) => (first === '=A' ? '=B' : '=A')),
    },
    { name: 'an empty one', change: (cookie: string) => `${cookie.split('=')[0] ?? ''}=` },
    {
      name: 'the cookie of another port',
      change: (cookie: string) => cookie.replace(/\d+=/, '1='),
    },
  ])('is not $name', async ({ change }) => {
    const session = await admit(port, admissions.issueCode());
    const cookie = change(session.cookie);
    const opening = openSocket(port, cookie === undefined ? {} : { cookie });
    await expect(opening).rejects.toThrow('401');
  });

  test('needs its own token beside the cookie', async () => {
    const mine = await admit(port, admissions.issueCode());
    const other = await admit(port, admissions.issueCode());
    for (const token of [other.token, '', 'a'.repeat(43)]) {
      const socket = await openSocket(port, { cookie: mine.cookie });
      socket.send({ type: 'hello', token });
      expect(await socket.closed).toBe(CLOSE_CODES.notAdmitted);
    }
  });

  test('gets nothing before the token', async () => {
    const { cookie } = await admit(port, admissions.issueCode());
    const socket = await openSocket(port, { cookie });
    socket.send({ type: 'call', id: 1, method: 'status', request: {} });
    expect(await socket.closed).toBe(CLOSE_CODES.notAdmitted);
    expect(calls).toEqual([]);
  });

  test('outlives the engine, and is kept as digests only', async () => {
    const session = await admit(port, admissions.issueCode());
    await shell.close();
    const text = readFileSync(recordFile(), 'utf8');
    expect(text).not.toContain(session.token);
    expect(text).not.toContain(session.cookie.split('=')[1]);
    expect(statSync(recordFile()).mode & 0o777).toBe(0o600);
    admissions = await readAdmissions();
    await serve(port);
    const socket = await connectPage(port, session);
    socket.close();
  });

  test('ends after a month', async () => {
    const { cookie } = await admit(port, admissions.issueCode());
    nowMs += 30 * 24 * 60 * 60_000;
    await expect(openSocket(port, { cookie })).rejects.toThrow('401');
  });

  test('is not made of a record that was damaged', async () => {
    writeFileSync(recordFile(), '{"port": 1, "sessions": [{"cookie": "x"}]}');
    expect((await readAdmissions()).port).toBeUndefined();
  });
});

describe('the engine over a WebSocket', () => {
  let session: BrowserSession;
  beforeEach(async () => {
    session = await admit(port, admissions.issueCode());
  });

  test('answers calls and tells events', async () => {
    const socket = await connectPage(port, session);
    socket.send({ type: 'call', id: 7, method: 'status', request: {} });
    expect(await socket.next('result')).toEqual({ type: 'result', id: 7, value: 'status' });
    listener?.({ kind: 'folders-changed' });
    expect((await socket.next('event')).event).toEqual({ kind: 'folders-changed' });
    socket.close();
  });

  test('is at one path', async () => {
    const opening = openSocket(port, { cookie: session.cookie }, '/');
    await expect(opening).rejects.toThrow('404');
  });

  test.each([
    { name: 'asks the engine to stop', text: '{"type":"stop"}' },
    { name: 'sends no message of ours', text: '{"type":"please"}' },
    { name: 'sends no JSON', text: 'hello' },
    { name: 'sends bytes', text: Buffer.from('{"type":"cancel","id":1}') },
  ])('hangs up on a page that $name', async ({ text }) => {
    const socket = await connectPage(port, session);
    socket.sendText(text);
    expect(await socket.closed).toBe(CLOSE_CODES.refused);
  });

  test('hangs up on a message without end', async () => {
    const socket = await connectPage(port, session);
    socket.sendText('x'.repeat(1_048_577));
    expect(await socket.closed).toBe(1009);
  });

  test('hangs up on a page that keeps more calls open than any needs', async () => {
    const socket = await connectPage(port, session);
    for (let id = 0; id <= 64; id += 1)
      socket.send({ type: 'call', id, method: 'wait', request: {} });
    expect(await socket.closed).toBe(CLOSE_CODES.refused);
    expect(calls.length).toBe(64);
  });

  test('hangs up on a flood', async () => {
    const socket = await connectPage(port, session);
    for (let id = 0; id < 1_000; id += 1) socket.send({ type: 'cancel', id });
    expect(await socket.closed).toBe(CLOSE_CODES.refused);
  });

  test('lets a page go on that asks as fast as a person scrolls', async () => {
    const socket = await connectPage(port, session);
    for (let second = 0; second < 20; second += 1) {
      for (let id = 0; id < 100; id += 1) socket.send({ type: 'cancel', id });
      socket.send({ type: 'call', id: second, method: 'status', request: {} });
      await socket.next('result');
      nowMs += 1_000;
    }
    socket.close();
  });

  test('takes so many pages at once, and no more', async () => {
    const pages = await Promise.all(Array.from({ length: 16 }, () => connectPage(port, session)));
    await expect(openSocket(port, { cookie: session.cookie })).rejects.toThrow('503');
    for (const page of pages) page.close();
  });

  test('tells its pages when it ends', async () => {
    const socket = await connectPage(port, session);
    await shell.close();
    expect(await socket.closed).toBe(CLOSE_CODES.goingAway);
    await serve(port);
  });
});

test('a flood of requests is turned away', async () => {
  const statuses = new Set<number>();
  for (let count = 0; count < 11; count += 1) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => request(port, '/nothing')));
    for (const { status } of answers) statuses.add(status);
  }
  expect([...statuses].sort()).toEqual([404, 429]);
});
