/** @file The first line of the Storage view. */
import { expect, test } from 'vitest';
import type { StorageForecast } from '#contract/storage-api.ts';
import { answerOf } from './answer.ts';

const nowMs = 1_000;
const folder = (name: string, atMs?: number): StorageForecast['folders'][number] => ({
  folderId: name,
  name,
  permanent: false,
  sizeBytes: 1,
  encodedBytes: 1n,
  protectedUntil: atMs === undefined ? undefined : { epoch: 1, atMs },
  horizon: { kind: 'keep', floorEpochs: 6, targetEpochs: 8, untilMs: undefined },
  retention: undefined,
  renewals: [],
  perMonth: { walFrost: 0n, gasMist: 0n },
});
const runsOutAt = { epoch: 9, atMs: 5_000 };

test.each([
  { name: 'no folder', folders: [], runsOutAt: undefined, answer: { kind: 'nothing' } },
  {
    name: 'a folder of which nothing is stored',
    folders: [folder('a')],
    runsOutAt: undefined,
    answer: { kind: 'nothing' },
  },
  {
    name: 'the earliest end of several',
    folders: [folder('a', 9_000), folder('b', 2_000), folder('c')],
    runsOutAt: undefined,
    answer: { kind: 'lasts', atMs: 2_000 },
  },
  {
    name: 'a balance that runs out',
    folders: [folder('a', 9_000)],
    runsOutAt,
    answer: { kind: 'runs-out', atMs: 5_000 },
  },
  {
    name: 'a folder that lapsed, whatever the balance',
    folders: [folder('a', 9_000), folder('b', 1_000)],
    runsOutAt,
    answer: { kind: 'lapsed', folder: 'b' },
  },
])('$name', ({ folders, runsOutAt: end, answer }) => {
  expect(answerOf({ folders, runsOutAt: end }, nowMs)).toEqual(answer);
});
