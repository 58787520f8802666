/** @file Every error code is explained in docs/errors.md, with the same next step and exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '#contract/errors.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
);

describe('docs/errors.md', () => {
  test.each(Object.entries(errorCodes))('explains %s', (code, facts) => {
    const section = sections.get(code);
    expect(section, `no section for ${code}`).toBeDefined();
    expect(section).toContain(`Next: ${facts.next}`);
    expect(section).toContain(`Retry: \`${facts.retry}\` · Exit code: ${String(facts.exit)}`);
  });

  test('explains nothing that does not exist', () => {
    expect([...sections.keys()].filter((code) => !(code in errorCodes))).toEqual([]);
  });
});
