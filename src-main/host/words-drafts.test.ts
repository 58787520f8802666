import { describe, expect, test } from 'vitest';
import { systemRandom } from '#platform/system-random.ts';
import { scriptedClock } from '#test/support/scripted-clock.ts';
import { WordsDrafts } from './words-drafts.ts';

const WORDS = Array.from({ length: 24 }, (_, index) => `word${String(index)}`);

function open() {
  const clock = scriptedClock();
  return { clock, drafts: new WordsDrafts({ clock, random: systemRandom }) };
}

describe('words under way', () => {
  test('are given back to whoever knows their draft', () => {
    const { drafts } = open();
    const { draftId } = drafts.begin(WORDS, { areNew: true, askBack: [3, 9, 20] });
    expect(drafts.get(draftId)).toMatchObject({ words: WORDS, askBack: [3, 9, 20] });
  });

  test.each([
    { name: 'made by Floe are to be confirmed', areNew: true, isConfirmed: false },
    { name: 'typed by the person are the person’s own', areNew: false, isConfirmed: true },
  ])('that were $name', ({ areNew, isConfirmed }) => {
    const { drafts } = open();
    const draft = drafts.begin(WORDS, { areNew, askBack: [] });
    expect(draft.isConfirmed).toBe(isConfirmed);
    drafts.confirm(draft.draftId);
    expect(drafts.get(draft.draftId).isConfirmed).toBe(true);
  });

  test.each<{ name: string; end: (given: ReturnType<typeof open>) => unknown }>([
    { name: 'some minutes have passed', end: ({ clock }) => clock.expireLimits() },
    {
      name: 'other words were begun',
      end: ({ drafts }) => drafts.begin(WORDS, { areNew: true, askBack: [] }),
    },
    { name: 'they became a vault', end: ({ drafts }) => drafts.forget() },
  ])('are gone once $name', async ({ end }) => {
    const given = open();
    const { draftId } = given.drafts.begin(WORDS, { areNew: true, askBack: [] });
    end(given);
    await Promise.resolve();
    await Promise.resolve();
    expect(() => given.drafts.get(draftId)).toThrow(
      expect.objectContaining({ code: 'draft-expired' }),
    );
    expect(() => given.drafts.confirm(draftId)).toThrow(
      expect.objectContaining({ code: 'draft-expired' }),
    );
  });

  test('that replaced others keep their own minutes', async () => {
    const { clock, drafts } = open();
    drafts.begin(WORDS, { areNew: true, askBack: [] });
    const { draftId } = drafts.begin(WORDS, { areNew: true, askBack: [] });
    await Promise.resolve();
    expect(drafts.get(draftId).words).toEqual(WORDS);
    clock.expireLimits();
    await Promise.resolve();
    await Promise.resolve();
    expect(() => drafts.get(draftId)).toThrow();
  });
});
