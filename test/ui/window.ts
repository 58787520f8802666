/**
 * @file A window on a home: a page of real Chromium that fails its test when anything is logged as
 * an error, is blocked by the content security policy, or is thrown in the page.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Browser, type Locator, type Page } from '@playwright/test';
import type { RunnerTask } from 'vitest';

/** How long a window may take for anything on a busy machine. */
const WAIT_MS = 20_000;
/** What a person sees, waited for. */
export const see = expect.configure({ timeout: WAIT_MS });
const failures = join(import.meta.dirname, '../../.floe-build/ui-failures');

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  readonly locale?: string;
  /** Errors that the test brings about on purpose, such as a lost connection. */
  readonly expected?: RegExp;
  readonly reducedMotion?: boolean;
}

export interface UiWindow {
  readonly page: Page;
  /** Check what has gone wrong in the page so far, then close it. A failed test leaves a picture. */
  close(task?: Readonly<RunnerTask>): Promise<void>;
}

export async function openWindow(browser: Browser, options: WindowOptions = {}): Promise<UiWindow> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.theme ?? 'light',
    locale: options.locale ?? 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: options.reducedMotion === false ? 'no-preference' : 'reduce',
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const wrong: string[] = [];
  const note = (text: string): void => {
    if (!options.expected?.test(text)) wrong.push(text);
  };
  page.on('pageerror', (error) => note(`thrown: ${error.message}\n${error.stack ?? ''}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(message.text());
  });
  return {
    page,
    close: async (task) => {
      if (task?.result?.state === 'fail') {
        const name = task.name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80);
        await page.screenshot({ path: join(failures, `${name}.png`) });
      }
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/** Expect that axe finds nothing on what is on screen now, by the rules of WCAG 2.2 AA and its own. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  assert.deepEqual(
    violations.map(({ id, help, nodes }) => ({
      id,
      help,
      places: nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`),
    })),
    [],
  );
}

/** What is used of a list; the page's types are not those of the test. */
interface Scrolled {
  readonly scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** Turn the wheel over a list by so many pixels, and wait until the list has followed. */
export async function turnWheel(page: Page, list: Locator, pixels: number): Promise<void> {
  const look = () =>
    list.evaluate((element) => {
      const { scrollTop, scrollHeight, clientHeight } = element as unknown as Scrolled;
      return { at: scrollTop, end: scrollHeight - clientHeight };
    });
  const { at, end } = await look();
  await page.mouse.wheel(0, pixels);
  // Less than a pixel may be missing where a page is drawn in fractions of one.
  await expect
    .poll(async () => (await look()).at, { timeout: WAIT_MS })
    .toBeGreaterThan(Math.min(at + pixels, end) - 1.5);
}
