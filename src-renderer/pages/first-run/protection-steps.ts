/** @file The first protection as a person follows it: five steps, each done, under way, or to come. Pure. */
import type { PackStep } from '#contract/events.ts';
import type { PackActivity, TaskProgress } from '#contract/task-api.ts';

type StepKey =
  | 'first.protect.scan'
  | 'first.protect.sealed'
  | 'first.protect.stored'
  | 'first.protect.certified'
  | 'first.protect.published';

export interface ProtectionStep {
  readonly key: StepKey;
  readonly state: 'done' | 'now' | 'later';
}

const KEYS: readonly StepKey[] = [
  'first.protect.scan',
  'first.protect.sealed',
  'first.protect.stored',
  'first.protect.certified',
  'first.protect.published',
];

/** How many of the steps a pack has behind it. */
const BEHIND: Readonly<Record<PackStep, number>> = {
  sealed: 2,
  encoded: 2,
  registered: 2,
  uploaded: 3,
  certified: 4,
  published: 5,
};

/** A step is done when it is for every pack; what is known first is that files are looked at. */
export function protectionSteps(
  packs: readonly Pick<PackActivity, 'step'>[],
  progress: Pick<TaskProgress, 'filesTotal'> | undefined,
  isDone: boolean,
): readonly ProtectionStep[] {
  const fromPacks = packs.map(({ step }) => BEHIND[step]);
  const scanned = progress?.filesTotal === undefined ? 0 : 1;
  const behind = isDone
    ? KEYS.length
    : Math.max(scanned, fromPacks.length === 0 ? 0 : Math.min(...fromPacks));
  return KEYS.map((key, index) => ({
    key,
    state: index < behind ? 'done' : index === behind ? 'now' : 'later',
  }));
}
