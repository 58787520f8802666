/**
 * `npm start` without its bootstrap, as a person's terminal sees it: everything begins, the window is
 * somewhere and says why, an engine that dies is back, and Ctrl-C ends it all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { connectRemote } from '#host/connect.ts';
import { admit, connectPage } from '../support/browser-client.ts';
import { makeTree, temporaryFolder } from '../support/tree.ts';

const MAIN = join(import.meta.dirname, '../../src-main/cli/main.ts');
const folder = temporaryFolder();
const path = (name: string): string => join(folder.path, name);
afterAll(() => folder.remove());

/** `floe start` without a display, and what it says as it comes. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, '--home', path('home'), 'start', ...args], {
    env: { ...process.env, FLOE_LOCALNET: path('network'), DISPLAY: '', WAYLAND_DISPLAY: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      text += piece.toString();
      for (const look of [...waiting]) look();
    });
  }
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    ended,
    said: () => text,
    /** The first match in what it says, now or later. */
    until: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended: ${text}`)));
      }),
  };
}

test('begins, shows the way in, survives its engine, and ends in order', async () => {
  makeTree(path('docs'), { 'a.txt': 'hello' });
  const floe = start([path('docs')]);
  await floe.until(/The window: in a browser, because there is no display/);
  const [, url = '', page = ''] = await floe.until(/(http:\S+) \(open (\S+) in a browser/);
  const code = /#admit=([\w-]+)/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
  const port = Number(new URL(url).port);
  const session = await admit(port, code);
  await floe.until(/docs: Protected until .+ \(epoch \d+\)/);
  await floe.until(/npx floe --home .+ restore docs --to/);
  expect(floe.said()).not.toContain(code);

  const before = await connectRemote(path('home'));
  process.kill(before?.pid ?? 0, 'SIGKILL');
  await floe.until(/The engine ended by itself; it is started again/);
  let after = await connectRemote(path('home'));
  while (after === undefined || after.pid === before?.pid)
    after = await connectRemote(path('home'));
  await after.api.admitBrowser({});
  const socket = await connectPage(port, session);
  socket.send({ type: 'call', id: 1, method: 'status', request: {} });
  expect((await socket.next('result')).value).toMatchObject({ folders: [{ name: 'docs' }] });
  socket.close();
  await after.close();

  floe.child.kill('SIGINT');
  expect(await floe.ended).toBe(0);
  expect(existsSync(join(path('home'), 'engine.sock'))).toBe(false);
  expect(existsSync(page)).toBe(false);
});

test('goes on where it was, without a window when none is wanted', async () => {
  const floe = start([path('docs'), '--ui', 'none']);
  await floe.until(/docs: Protected until/);
  await floe.until(/Ctrl-C stops everything/);
  expect(floe.said()).not.toMatch(/The window|A new vault/);
  floe.child.kill('SIGTERM');
  expect(await floe.ended).toBe(0);
});

test('says what is missing for the app when the app was asked for', async () => {
  const floe = start([path('docs'), '--ui', 'app']);
  await floe.until(/the desktop app cannot be shown: there is no display/i);
  expect(await floe.ended).toBe(2);
});
