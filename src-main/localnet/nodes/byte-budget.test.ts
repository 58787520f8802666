import { expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

test('a budget lets in what fits, in order, and no more', async () => {
  const budget = new ByteBudget(10);
  const log: string[] = [];
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const work = (name: string, bytes: number, gate: PromiseWithResolvers<void> | undefined) =>
    budget.run(bytes, async () => {
      log.push(`${name} in`);
      await gate?.promise;
      log.push(`${name} out`);
    });
  const all = [work('a', 6, gates[0]), work('b', 6, gates[1]), work('c', 1, gates[2])];
  await Promise.resolve();
  // c would fit, but b was first.
  expect(log).toEqual(['a in']);
  gates[0]?.resolve();
  await all[0];
  await Promise.resolve();
  expect(log).toEqual(['a in', 'a out', 'b in', 'c in']);
  gates[1]?.resolve();
  gates[2]?.resolve();
  await Promise.all(all);
});

test('work larger than the budget runs alone instead of never', async () => {
  const budget = new ByteBudget(10);
  expect(await budget.run(1_000, async () => 'done')).toBe('done');
  await expect(
    budget.run(1_000, async () => {
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  expect(await budget.run(10, async () => 'again')).toBe('again');
});
