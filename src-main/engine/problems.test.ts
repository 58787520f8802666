import { describe, expect, test } from 'vitest';
import { errorCodes, type ErrorCode, type SerializedError } from '#contract/errors.ts';
import { EngineError } from './model/engine-error.ts';
import { plainProblem, recalledProblem, storedProblem } from './problems.ts';

const failure = (code: ErrorCode, context: SerializedError['context'] = {}): SerializedError => ({
  code,
  message: 'something technical',
  next: errorCodes[code].next,
  context,
});

describe('a failure in plain words', () => {
  test.each([
    {
      code: 'quorum-missing' as const,
      context: { failedNodes: 1 },
      says: '1 storage node does not answer',
    },
    {
      code: 'quorum-missing' as const,
      context: { failedNodes: 38 },
      says: '38 storage nodes do not answer',
    },
    {
      code: 'balance-low' as const,
      context: { walFrost: '120000000', neededFrost: '410000000', address: '0x12' },
      says: 'The wallet holds 0.12 WAL; this needs 0.41.',
    },
    {
      code: 'balance-low' as const,
      context: { walFrost: '500', neededFrost: '400', suiMist: '1' },
      says: 'too little SUI for fees',
    },
    { code: 'mass-deletion' as const, context: { files: 1612 }, says: '1,612 files vanished' },
    {
      code: 'folder-missing' as const,
      context: { reason: 'unmounted' },
      says: 'its drive seems not to be connected',
    },
    {
      code: 'clock-skewed' as const,
      context: { skewMs: 5_400_000, direction: 'behind' },
      says: '90 minutes behind',
    },
    {
      code: 'clock-skewed' as const,
      context: { skewMs: 864_000_000, direction: 'ahead' },
      says: '10 days ahead',
    },
    { code: 'storage-exhausted' as const, context: {}, says: 'Something technical.' },
  ])('of $code names what is so: $says', ({ code, context, says }) => {
    const { message, next } = plainProblem(failure(code, context));
    expect(message).toContain(says);
    expect(message).toMatch(/^[A-Z0-9].*\.$/);
    expect(next.length).toBeGreaterThan(0);
  });

  test.each(Object.keys(errorCodes) as ErrorCode[])('of %s needs no context', (code) => {
    const { message } = plainProblem(failure(code));
    expect(message).not.toMatch(/undefined|NaN|null/);
  });
});

describe('what a row keeps of a failure', () => {
  test('is read back', () => {
    const error = new EngineError('mass-deletion', 'vanished', { context: { files: 3 } });
    expect(recalledProblem(storedProblem(error))).toMatchObject({
      code: 'mass-deletion',
      context: { files: 3 },
    });
  });

  test('by an earlier release is its code', () => {
    expect(recalledProblem('disk-full')).toMatchObject({ code: 'disk-full' });
    expect(recalledProblem('no-such-code')).toBeUndefined();
    expect(recalledProblem(undefined)).toBeUndefined();
  });
});
