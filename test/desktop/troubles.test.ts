/**
 * Twelve kinds of failure, each brought about for real, on both surfaces of the desktop app: the tray,
 * read over D-Bus, and the window. Each says in plain words what happened and what comes next, in
 * both languages, and both are calm again by themselves once it is cured.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { serveControl } from '#localnet/control-channel.ts';
import { runControlCommand } from '#localnet/control-commands.ts';
import { openWorld, type TestWorld } from '#test/support/floe-cli.ts';
import { see } from '#test/ui/window.ts';
import type { TrayHost } from './buses.ts';
import { Desktop, until, windowOf } from './desktop.ts';
import { mend, Scene, TROUBLES, type Trouble } from './troubles.ts';

/** An upload gives a storage node up after a minute, and tries another way before that. */
const ROW_MS_MAX = 300_000;
const TRAY_ANSWER_MS = 2_000;
const PROTECTED = /Protected until .* on the local network/;

let world: TestWorld;
let control: Awaited<ReturnType<typeof serveControl>>;
beforeAll(async () => {
  world = await openWorld({ shards: 13, nodes: 4 });
  control = await serveControl(world.networkDir, (name, given) =>
    runControlCommand(world.localnet, name, given),
  );
});
afterAll(async () => {
  await control.close();
  await world.close();
});

let desktop: Desktop;
let tray: TrayHost;
beforeEach(async () => {
  desktop = await Desktop.open(world.networkDir);
  tray = await desktop.trayHost();
});
afterEach(async () => {
  await desktop.close();
  await mend(world);
});

/**
 * The tray's whole text: what hovering over it shows, and its menu. They are read one after the other,
 * and the shell sets the tooltip first: one that is the same after the menu belongs to it.
 */
async function trayText(): Promise<string> {
  for (;;) {
    const tooltip = await tray.tooltip();
    const items = await tray.menu();
    if (tooltip === (await tray.tooltip())) {
      return [tooltip, ...items.map(({ label }) => label)].join('\n');
    }
  }
}

const untilTray = (isSo: RegExp): Promise<string> =>
  until(
    // An icon that has just gone, or whose menu has just been replaced, answers nothing at all.
    () => Promise.race([trayText().catch(() => ''), sleep(TRAY_ANSWER_MS, '')]),
    (text) => isSo.test(text),
  );

const seeText = async (page: Page, text: RegExp): Promise<void> =>
  see(page.getByText(text).filter({ visible: true })).not.toHaveCount(0);

async function expectTrouble(page: Page, { says, shows, next }: Trouble): Promise<void> {
  expect(await untilTray(says)).toMatch(next);
  // The frame says that something is wrong; the first run has none, and says it at the field.
  await see(page.locator('header .attention, form .problem')).not.toHaveCount(0);
  await seeText(page, shows ?? says);
  await seeText(page, next);
}

async function expectGerman(scene: Scene, page: Page, german: RegExp): Promise<void> {
  await scene.ask((api) => api.updateSettings({ language: 'de' }));
  await untilTray(german);
  await seeText(page, german);
  await scene.ask((api) => api.updateSettings({ language: 'en' }));
}

async function expectCalm(page: Page, { says, shows, calm = PROTECTED }: Trouble): Promise<void> {
  expect(await untilTray(calm)).not.toMatch(says);
  await see(page.getByRole('banner')).toHaveText(calm);
  await see(page.getByText(shows ?? says)).toHaveCount(0);
}

describe('tray and window say what is wrong and what comes next, until it is cured, when', () => {
  test('the table has all twelve', () => {
    expect(new Set(TROUBLES.map(({ name }) => name)).size).toBe(12);
  });

  test.for<{ readonly name: string; readonly trouble: Trouble }>(
    TROUBLES.map((trouble) => ({ name: trouble.name, trouble })),
  )('$name', { timeout: ROW_MS_MAX }, async ({ trouble }, { skip }) => {
    skip(trouble.isImpossible === true, 'only root may mount a disk that is full');
    const scene = new Scene(world, desktop);
    const prepared = (await (trouble.prepare ?? ((one) => one.protect()))(scene)) as never;
    const page = await windowOf(await desktop.launch());
    await page.getByRole('main').waitFor();
    await trouble.begin?.(scene, page, prepared);
    await expectTrouble(page, trouble);
    if (trouble.german) await expectGerman(scene, page, trouble.german);
    await trouble.cure(scene, page, prepared);
    // A machine that wakes waits for no interval.
    await scene.ask((api) => api.setConditions({ hasWoken: true })).catch(() => undefined);
    await expectCalm(page, trouble);
  });
});
