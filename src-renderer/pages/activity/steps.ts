/** @file The seven steps of a pack's way, and how far one has come. Pure. */
import type { PackStep } from '#contract/events.ts';

export const packSteps = [
  'planned',
  'sealed',
  'encoded',
  'registered',
  'uploaded',
  'certified',
  'published',
] as const satisfies readonly (PackStep | 'planned')[];

/** Steps that are behind a pack: a pack that is known was planned. */
export const stepsDone = (step: PackStep): number => packSteps.indexOf(step) + 1;
