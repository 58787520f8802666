/** @file Retention rules as fields, and back. */
import { expect, test } from 'vitest';
import { fieldsOf, policyOf, USUAL } from './retention.ts';

const none = { hourly: '', daily: '', weekly: '', monthly: '', yearly: '' };

test('a policy survives its fields', () => {
  const policy = {
    keepWithinMs: 30 * 86_400_000,
    hourly: 24,
    daily: 0,
    weekly: 4,
    monthly: 12,
    yearly: 0,
  };
  expect(policyOf(fieldsOf(policy))).toEqual(policy);
});

test('a folder without rules begins with the usual ones', () => {
  expect(fieldsOf(undefined)).toBe(USUAL);
  expect(policyOf(USUAL)).toMatchObject({ daily: 60, hourly: 0 });
});

test.each([
  { name: 'no rule at all', fields: { withinDays: '', rules: none } },
  { name: 'rules that keep nothing', fields: { withinDays: '0', rules: { ...none, daily: '0' } } },
  { name: 'half a day', fields: { withinDays: '0.5', rules: none } },
  { name: 'a negative count', fields: { withinDays: '', rules: { ...none, daily: '-1' } } },
  { name: 'letters', fields: { withinDays: '', rules: { ...none, daily: 'ten' } } },
])('$name is no policy', ({ fields }) => {
  expect(policyOf(fields)).toBeUndefined();
});
