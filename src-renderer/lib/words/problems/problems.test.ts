/** @file Next steps in the window lead somewhere in the window. */
import { expect, test } from 'vitest';
import { errorCodes, type ErrorCode } from '#contract/errors.ts';
import { sentences } from './de.ts';
import { nextSteps } from './en.ts';

/** What only a terminal can do, and says so with the whole command. */
const IN_A_TERMINAL: readonly ErrorCode[] = ['internal', 'ui-not-built', 'index-damaged'];

test.each(Object.keys(errorCodes) as ErrorCode[])('%s has a step that a window has', (code) => {
  if (IN_A_TERMINAL.includes(code)) return;
  for (const step of [nextSteps[code] ?? errorCodes[code].next, sentences[code].next]) {
    expect(step).not.toMatch(/`|--[a-z]|\bfloe [a-z]/);
  }
});
