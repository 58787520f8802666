/** @file The first protection as a person follows it. */
import { expect, test } from 'vitest';
import { protectionSteps } from './protection-steps.ts';

const known = { filesTotal: 3 };

test.each([
  { name: 'nothing is known yet', packs: [], progress: undefined, isDone: false, doneCount: 0 },
  { name: 'the files are counted', packs: [], progress: known, isDone: false, doneCount: 1 },
  { name: 'a pack is sealed', packs: ['registered'], progress: known, isDone: false, doneCount: 2 },
  {
    name: 'the slowest pack counts',
    packs: ['certified', 'encoded'],
    progress: known,
    isDone: false,
    doneCount: 2,
  },
  {
    name: 'all packs are certified',
    packs: ['certified'],
    progress: known,
    isDone: false,
    doneCount: 4,
  },
  { name: 'the folder is protected', packs: [], progress: undefined, isDone: true, doneCount: 5 },
] as const)('$name', ({ packs, progress, isDone, doneCount }) => {
  const steps = protectionSteps(
    packs.map((step) => ({ step })),
    progress,
    isDone,
  );
  expect(steps.filter(({ state }) => state === 'done')).toHaveLength(doneCount);
  expect(steps.filter(({ state }) => state === 'now')).toHaveLength(isDone ? 0 : 1);
});
