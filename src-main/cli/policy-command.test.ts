import { expect, test } from 'vitest';
import type { FolderSchedule } from '#contract/api.ts';
import { scheduleText } from './policy-command.ts';

const schedule: FolderSchedule = {
  commitEveryMs: 'auto',
  delayMs: 6 * 3_600_000,
  hours: [],
  fixedCostCap: { frost: 5_000_000_000n, isDefault: true },
};
const TRY_OUT = { ...schedule, delayMs: 60_000 };

test.each<{
  readonly name: string;
  readonly given: FolderSchedule;
  readonly isTryOut: boolean;
  readonly says: RegExp;
}>([
  {
    name: 'names its cap where commits cost something',
    given: schedule,
    isTryOut: false,
    says: /^Changes wait 6 h 0 min for others: .* at most 5 WAL in 30 days, however little changes\.$/,
  },
  {
    name: 'names none on the try-out network',
    given: TRY_OUT,
    isTryOut: true,
    says: /^Changes are committed after 1 min of quiet: .* cost nothing\.$/,
  },
  {
    name: 'says there that a cap that somebody set does nothing',
    given: { ...TRY_OUT, fixedCostCap: { frost: 20_000_000_000n, isDefault: false } },
    isTryOut: true,
    says: /cost nothing\. The cap of 20 WAL in 30 days changes nothing here\.$/,
  },
  {
    name: 'names none where the person has set the delay',
    given: { ...schedule, commitEveryMs: 3_600_000, delayMs: 3_600_000 },
    isTryOut: false,
    says: /^Changes are committed after 1 h 0 min, whatever that costs\.$/,
  },
])('a folder $name', ({ given, isTryOut, says }) => {
  expect(scheduleText(given, isTryOut)).toMatch(says);
});
