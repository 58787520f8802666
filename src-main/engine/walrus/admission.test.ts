/** @file Who is let in, in which order, and how much at most. */
import { describe, expect, test } from 'vitest';
import { openAdmission, type Permit } from './admission.ts';

const open = (countMax: number) => openAdmission({ countMax, bytesMax: 100, asideBytesMax: 100 });
const never = new AbortController().signal;

/** Enter in the order given and note who got in when. */
function enterAll(
  admission: ReturnType<typeof openAdmission>,
  requests: readonly { readonly name: string; readonly bytes: number; readonly rank: number }[],
): { readonly entered: string[]; readonly permits: Map<string, Permit> } {
  const entered: string[] = [];
  const permits = new Map<string, Permit>();
  for (const { name, bytes, rank } of requests) {
    void admission.enter({ bytes, rank, signal: never }).then((permit) => {
      entered.push(name);
      permits.set(name, permit);
    });
  }
  return { entered, permits };
}

/** Let all promises that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('admission', () => {
  test('lets in what fits and holds back the rest', async () => {
    const admission = open(10);
    const { entered, permits } = enterAll(admission, [
      { name: 'a', bytes: 60, rank: 0 },
      { name: 'b', bytes: 40, rank: 0 },
      { name: 'c', bytes: 1, rank: 0 },
    ]);
    await settle();
    expect(entered).toEqual(['a', 'b']);
    permits.get('b')?.leave();
    await settle();
    expect(entered).toEqual(['a', 'b', 'c']);
    expect(admission.bytesInside).toBe(61);
  });

  test('lets a single request in however large it is', async () => {
    const admission = open(10);
    const { entered } = enterAll(admission, [{ name: 'huge', bytes: 5000, rank: 0 }]);
    await settle();
    expect(entered).toEqual(['huge']);
  });

  test('bounds the number as well', async () => {
    const admission = open(2);
    const { entered } = enterAll(
      admission,
      ['a', 'b', 'c'].map((name) => ({ name, bytes: 1, rank: 0 })),
    );
    await settle();
    expect(entered).toEqual(['a', 'b']);
  });

  test('lets the lowest rank in first, and equals in their order', async () => {
    const admission = open(1);
    const { entered, permits } = enterAll(admission, [
      { name: 'first', bytes: 1, rank: 9 },
      { name: 'later-1', bytes: 1, rank: 5 },
      { name: 'later-2', bytes: 1, rank: 5 },
      { name: 'sooner', bytes: 1, rank: 1 },
    ]);
    for (const name of ['first', 'sooner', 'later-1']) {
      await settle();
      permits.get(name)?.leave();
    }
    await settle();
    expect(entered).toEqual(['first', 'sooner', 'later-1', 'later-2']);
  });

  test('counts a permit given back twice once', async () => {
    const admission = open(10);
    const permit = await admission.enter({ bytes: 30, rank: 0, signal: never });
    permit.leave();
    permit.leave();
    permit.setAside();
    expect([admission.bytesInside, admission.countInside]).toEqual([0, 0]);
  });

  test('sets silent requests aside so that others get in, but not without bound', async () => {
    const admission = open(10);
    const first = await admission.enter({ bytes: 90, rank: 0, signal: never });
    first.setAside();
    const second = await admission.enter({ bytes: 90, rank: 0, signal: never });
    second.setAside();
    const { entered } = enterAll(admission, [{ name: 'third', bytes: 90, rank: 0 }]);
    await settle();
    expect(entered).toEqual([]);
    first.leave();
    second.setAside();
    await settle();
    expect(entered).toEqual(['third']);
  });

  test('passes over one that is not ready, until it is', async () => {
    const admission = open(10);
    const first = await admission.enter({ bytes: 60, rank: 0, signal: never });
    let isReady = false;
    const entered: string[] = [];
    const unready = { bytes: 60, rank: 0, signal: never, isReady: () => isReady };
    void admission.enter(unready).then(() => entered.push('unready'));
    void admission.enter({ bytes: 40, rank: 1, signal: never }).then((permit) => {
      entered.push('behind it');
      permit.leave();
    });
    await settle();
    expect(entered).toEqual(['behind it']);
    isReady = true;
    first.leave();
    await settle();
    expect(entered).toEqual(['behind it', 'unready']);
  });

  test('forgets one that gives up waiting, and lets those behind it in', async () => {
    const admission = open(10);
    await admission.enter({ bytes: 60, rank: 0, signal: never });
    const controller = new AbortController();
    const large = admission.enter({ bytes: 90, rank: 0, signal: controller.signal });
    const { entered } = enterAll(admission, [{ name: 'small', bytes: 10, rank: 1 }]);
    controller.abort();
    await expect(large).rejects.toHaveProperty('name', 'AbortError');
    await settle();
    expect(entered).toEqual(['small']);
  });
});
