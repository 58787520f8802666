/** @file Hands on a keyboard, and nothing else: no element is focused or clicked by a test's reach. */
import assert from 'node:assert/strict';
import type { Page } from '@playwright/test';

/** More stops than any view has. */
const STOPS_MAX = 120;

/** Press Tab until what has the focus is called so. Fails when no stop is. */
export async function tabTo(page: Page, name: string | RegExp, key = 'Tab'): Promise<void> {
  const seen: string[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press(key);
    const focused = await nameOfFocused(page);
    seen.push(focused);
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  assert.fail(`nothing called ${String(name)} among: ${[...new Set(seen)].join(' | ')}`);
}

/** The accessible name of what has the focus, as Chromium computes it. */
export async function nameOfFocused(page: Page): Promise<string> {
  const client = await page.context().newCDPSession(page);
  try {
    const { result } = await client.send('Runtime.evaluate', {
      expression: 'document.activeElement ?? document.body',
    });
    const { nodes } = await client.send('Accessibility.getPartialAXTree', {
      objectId: result.objectId ?? '',
      fetchRelatives: false,
    });
    return String(nodes[0]?.name?.value ?? '');
  } finally {
    await client.detach();
  }
}

/** Run a command of the palette by a few of its letters. */
export async function command(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}
