/** Notices over a real local index, with a clock that a test moves. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { openLocalIndex, type LocalIndex } from '../local-index/local-index.ts';
import { tellNotices } from './notices.ts';

const HOUR = 3_600_000;
const PROBLEM = {
  code: 'quorum-missing',
  message: 'Too few nodes answer.',
  next: 'Wait.',
  context: {},
} as const;

let index: LocalIndex;
let nowMs = 1_800_000_000_000;
beforeEach(() => {
  index = openLocalIndex(':memory:');
});
afterEach(() => index.close());

const folder = (name: string, more: Partial<FolderStatus> = {}): FolderStatus =>
  ({
    folderId: name,
    name,
    isHere: true,
    removed: false,
    problem: undefined,
    ...more,
  }) as FolderStatus;

function tell(status: Partial<VaultStatus>): string[] {
  const sentences: string[] = [];
  tellNotices(
    { problem: undefined, folders: [], pause: undefined, ...status },
    {
      table: index.notices,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined },
      emit: (event: EngineEvent) => {
        if (event.kind === 'notice') sentences.push(event.sentence);
      },
    },
  );
  return sentences;
}

describe('a notice', () => {
  test('is told once a day for each cause', () => {
    const status = {
      folders: [folder('a', { problem: PROBLEM }), folder('b', { problem: PROBLEM })],
    };
    expect(tell(status)).toEqual(['a: Too few nodes answer.', 'b: Too few nodes answer.']);
    nowMs += 23 * HOUR;
    expect(tell(status)).toEqual([]);
    nowMs += HOUR;
    expect(tell(status)).toHaveLength(2);
  });

  test('of a cause that comes and goes is told once, and anew when its day is over', () => {
    const status = { folders: [folder('a', { problem: PROBLEM })] };
    expect(tell(status)).toHaveLength(1);
    expect(tell({ folders: [folder('a')] })).toEqual([]);
    nowMs += HOUR;
    expect(tell(status)).toEqual([]);
    nowMs += 24 * HOUR;
    tell({ folders: [folder('a')] });
    expect(index.notices.all().size).toBe(0);
    expect(tell(status)).toHaveLength(1);
  });

  test('of what concerns all folders is told once for all', () => {
    expect(
      tell({ problem: PROBLEM, folders: [folder('a', { problem: PROBLEM }), folder('b')] }),
    ).toEqual(['Too few nodes answer.']);
  });

  test.each([
    {
      name: 'files that cannot be read',
      status: { folders: [folder('a', { unread: [{ path: 'x', reason: 'denied' }] })] },
    },
    {
      name: 'a folder of another device',
      status: { folders: [folder('a', { problem: PROBLEM, isHere: false })] },
    },
    {
      name: 'a folder that is protected no more',
      status: { folders: [folder('a', { problem: PROBLEM, removed: true })] },
    },
    {
      name: 'a network that is known to be away',
      status: { problem: PROBLEM, pause: { reason: 'offline' as const, untilMs: undefined } },
    },
  ])('is none for $name', ({ status }) => {
    expect(tell(status)).toEqual([]);
  });

  test('leaves the causes of others alone, and does not trust a time that lies ahead', () => {
    index.notices.put('storage: something', nowMs - 90 * HOUR);
    index.notices.put('status: quorum-missing a', nowMs + 90 * HOUR);
    expect(tell({ folders: [folder('a', { problem: PROBLEM })] })).toHaveLength(1);
    expect(index.notices.all().has('storage: something')).toBe(true);
  });
});
