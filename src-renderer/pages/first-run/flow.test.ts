/** @file The order of the first run's questions. */
import { describe, expect, test } from 'vitest';
import {
  progressOf,
  resumeStep,
  setsUpVault,
  stepAfter,
  stepBefore,
  type FlowPlace,
  type Step,
} from './flow.ts';

/** All questions in the order they are asked. */
function walk(start: Omit<FlowPlace, 'step'>): Step[] {
  const steps: Step[] = [];
  const first: Step = start.journey === 'move' ? 'network' : 'welcome';
  for (let step: Step | undefined = first; step; step = stepAfter({ ...start, step })) {
    steps.push(step);
  }
  return steps;
}

const rows = [
  {
    name: 'a new vault on a real network',
    start: { journey: 'new', isTryOut: false },
    steps: ['welcome', 'network', 'words', 'confirm', 'place', 'folder', 'fund', 'protect'],
    setUpAt: 'place',
  },
  {
    name: 'a new vault on the try-out network',
    start: { journey: 'new', isTryOut: true },
    steps: ['welcome', 'network', 'words', 'confirm', 'folder', 'fund', 'protect'],
    setUpAt: 'confirm',
  },
  {
    name: 'words for a real network',
    start: { journey: 'existing', isTryOut: false },
    steps: ['welcome', 'network', 'enter', 'found', 'place'],
    setUpAt: 'place',
  },
  {
    name: 'words for the try-out network',
    start: { journey: 'existing', isTryOut: true },
    steps: ['welcome', 'network', 'enter', 'found'],
    setUpAt: 'found',
  },
  {
    name: 'a vault that a folder moves to',
    start: { journey: 'move', isTryOut: false },
    steps: ['network', 'words', 'confirm', 'place'],
    setUpAt: 'place',
  },
] as const;

describe.each(rows)('$name', ({ start, steps, setUpAt }) => {
  test('asks in this order', () => {
    expect(walk(start)).toEqual(steps);
  });

  test('sets the vault up once, when all is known', () => {
    expect(steps.filter((step) => setsUpVault({ ...start, step }))).toEqual([setUpAt]);
  });

  test('back is the reverse of next until the vault is set up', () => {
    const asked = steps.slice(0, steps.indexOf(setUpAt as never) + 1);
    for (const [index, step] of asked.entries()) {
      expect(stepBefore({ ...start, step })).toBe(asked[index - 1]);
    }
  });

  test('the last dot is reached', () => {
    const last = steps.at(-1) ?? 'welcome';
    const { position, count } = progressOf({ ...start, step: last });
    expect(position).toBe(count);
    expect(progressOf({ ...start, step: steps[0] }).position).toBe(0);
  });
});

test.each([
  { step: 'folder', before: undefined },
  { step: 'fund', before: 'folder' },
  { step: 'protect', before: undefined },
] as const)('from $step one goes back to $before', ({ step, before }) => {
  expect(stepBefore({ journey: 'new', isTryOut: false, step })).toBe(before);
});

const folder = { isHere: true, removed: false, snapshotCount: 0 };

test.each([
  { name: 'an empty home', facts: { home: 'empty', folders: [] }, step: 'welcome' },
  { name: 'a locked home', facts: { home: 'locked', folders: [] }, step: undefined },
  { name: 'a vault without a folder', facts: { home: 'open', folders: [] }, step: 'folder' },
  { name: 'a folder never paid for', facts: { home: 'open', folders: [folder] }, step: 'fund' },
  {
    name: 'a folder taken away again before it was paid for',
    facts: { home: 'open', folders: [{ ...folder, removed: true }] },
    step: 'folder',
  },
  {
    name: 'a protected folder',
    facts: { home: 'open', folders: [{ ...folder, snapshotCount: 1 }] },
    step: undefined,
  },
  {
    name: 'the folder of another device',
    facts: { home: 'open', folders: [{ ...folder, isHere: false, snapshotCount: 4 }] },
    step: undefined,
  },
] as const)('$name goes on at $step', ({ facts, step }) => {
  expect(resumeStep(facts)).toBe(step);
});
