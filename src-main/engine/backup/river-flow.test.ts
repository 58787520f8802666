import { expect, test } from 'vitest';
import { RiverFlow } from './river-flow.ts';

/** A river whose runs end when the test says so. */
function scriptedRiver() {
  const runs: { readonly signal: AbortSignal; readonly end: PromiseWithResolvers<void> }[] = [];
  let unfinished = 0;
  const flow = new RiverFlow({
    run: async (signal) => {
      const end = Promise.withResolvers<void>();
      runs.push({ signal, end });
      await end.promise;
    },
    countUnfinished: () => unfinished,
  });
  return {
    flow,
    runs,
    seal: (): void => void (unfinished += 1),
    step: (): void => {
      unfinished -= 1;
      flow.stepped();
    },
  };
}

/** Whether a promise is still pending after everything that is due has happened. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return !settled;
}

const { signal } = new AbortController();

test('sealing waits for one pack, not for the whole run', async () => {
  const { flow, runs, seal, step } = scriptedRiver();
  seal();
  seal();
  await flow.untilRoom(2, signal);
  seal();
  const room = flow.untilRoom(2, signal);
  expect(await isPending(room)).toBe(true);
  step();
  await room;
  expect(runs).toHaveLength(1);
});

test('one run at a time, and another one for what came late', async () => {
  const { flow, runs, seal, step } = scriptedRiver();
  seal();
  const done = flow.untilDone(signal);
  const alsoDone = flow.untilDone(signal);
  expect(runs).toHaveLength(1);
  step();
  seal();
  runs[0]!.end.resolve();
  expect(await isPending(done)).toBe(true);
  expect(runs).toHaveLength(2);
  step();
  runs[1]!.end.resolve();
  await Promise.all([done, alsoDone]);
});

test('a failure is told to whoever waits, and only once', async () => {
  const { flow, runs, seal, step } = scriptedRiver();
  seal();
  const done = flow.untilDone(signal);
  runs[0]!.end.reject(new Error('the network is gone'));
  await expect(done).rejects.toThrow('the network is gone');
  const again = flow.untilDone(signal);
  expect(runs).toHaveLength(2);
  step();
  runs[1]!.end.resolve();
  await again;
});

test('a failure that nobody waited for stops the next pack', async () => {
  const { flow, runs, seal } = scriptedRiver();
  seal();
  await flow.untilRoom(2, signal);
  runs[0]!.end.reject(new Error('the network is gone'));
  await isPending(Promise.resolve());
  seal();
  await expect(flow.untilRoom(2, signal)).rejects.toThrow('the network is gone');
  expect(runs).toHaveLength(1);
});

test('what is settled is forgotten: an aborted run does not fail the next one', async () => {
  const { flow, runs, seal, step } = scriptedRiver();
  seal();
  await flow.untilRoom(2, signal);
  runs[0]!.end.reject(new DOMException('stopped', 'AbortError'));
  await flow.settle();
  const done = flow.untilDone(signal);
  expect(runs).toHaveLength(2);
  step();
  runs[1]!.end.resolve();
  await done;
});
