/** The shell with a real engine of its own: started, killed, started again, stopped. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectRemote } from '#host/connect.ts';
import { Desktop, until, windowOf } from './desktop.ts';
import * as inPage from './in-page.mjs';

let desktop: Desktop;

beforeEach(async () => {
  desktop = await Desktop.open();
});

afterEach(async () => {
  await desktop.close();
});

describe('the engine', () => {
  test('is started in a process of its own, and serves a home without a vault', async () => {
    const app = await desktop.launch();
    const engine = await desktop.engine();
    expect(engine.pid).not.toBe(app.process().pid);
    expect(await engine.api.home({})).toMatchObject({ state: 'empty', path: desktop.home });
    await engine.close();
  });

  test('that is killed is started again, and the window goes down and up', async () => {
    const app = await desktop.launch();
    const page = await windowOf(app);
    const first = await desktop.engine();
    await until(
      () => page.evaluate(inPage.linkState),
      (state) => state === 'up',
    );
    const states = page.evaluate(inPage.statesUntilUpAgain);
    // The page has begun to listen when it answers the next question.
    await page.title();
    process.kill(first.pid, 'SIGKILL');
    expect(await states).toEqual(['up', 'down', 'up']);
    const second = await desktop.engine();
    expect(second.pid).not.toBe(first.pid);
    await second.close();
  });

  test('outlives a shell that crashes; the next shell joins it, and stops it at the end', async () => {
    const tray = await desktop.trayHost();
    const isReady = async (): Promise<unknown> =>
      until(
        // The icon of the first shell is gone before that of the next is there.
        () => tray.tooltip().catch(() => ''),
        (text) => text.includes('not set up yet'),
      );
    const app = await desktop.launch('--hidden');
    await isReady();
    const engine = await desktop.engine();
    const { pid } = engine;
    await engine.close();
    const child = app.process();
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;

    const next = await desktop.launch('--hidden');
    await isReady();
    const joined = await desktop.engine();
    expect(joined.pid).toBe(pid);
    await joined.close();
    const nextChild = next.process();
    const ended = once(nextChild, 'exit');
    nextChild.kill('SIGTERM');
    await ended;
    expect(await connectRemote(desktop.home)).toBeUndefined();
  });
});
