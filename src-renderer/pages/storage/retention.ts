/** @file Retention rules as fields, and back. Pure. */
import type { RetentionPolicy } from '#contract/storage-api.ts';

const DAY_MS = 86_400_000;

export const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Rule = (typeof RULES)[number];

/** Numbers as they are typed; an empty field is no rule. */
export interface RetentionFields {
  readonly withinDays: string;
  readonly rules: Readonly<Record<Rule, string>>;
}

/** Good for most: every moment of a month, then thinner and thinner. */
export const USUAL: RetentionFields = {
  withinDays: '30',
  rules: { hourly: '', daily: '60', weekly: '26', monthly: '24', yearly: '10' },
};

export function fieldsOf(policy: RetentionPolicy | undefined): RetentionFields {
  if (!policy) return USUAL;
  const { keepWithinMs } = policy;
  const text = (count: number): string => (count === 0 ? '' : String(count));
  return {
    withinDays: keepWithinMs === undefined ? '' : text(Math.round(keepWithinMs / DAY_MS)),
    rules: {
      hourly: text(policy.hourly),
      daily: text(policy.daily),
      weekly: text(policy.weekly),
      monthly: text(policy.monthly),
      yearly: text(policy.yearly),
    },
  };
}

/** The policy, or undefined while a field holds no whole number, or no rule keeps anything. */
export function policyOf({ withinDays, rules }: RetentionFields): RetentionPolicy | undefined {
  const counts = [withinDays, ...RULES.map((rule) => rules[rule])].map((text) => text.trim());
  if (counts.some((text) => !/^\d{0,5}$/.test(text))) return undefined;
  if (counts.every((text) => Number(text) === 0)) return undefined;
  const [days = 0, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0] = counts.map(Number);
  return {
    keepWithinMs: days === 0 ? undefined : days * DAY_MS,
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
  };
}
