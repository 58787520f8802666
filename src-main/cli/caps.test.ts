import { expect, test } from 'vitest';
import { chosenCaps } from './caps.ts';

const cost = (walFrost: bigint, gasMist: bigint) => ({ walFrost, gasMist });
const caps = { perTransaction: cost(10n, 5n), perDay: cost(30n, 8n), perEpoch: cost(50n, 9n) };
/** Somebody has raised what may be spent in a transaction, and it does not hold yet. */
const capsToCome = { caps: { ...caps, perTransaction: cost(999n, 5n) }, fromMs: 1 };

test.each([
  {
    name: 'lowering one leaves the others',
    storage: { caps },
    options: { daySui: 7n },
    chosen: { ...caps, perDay: cost(30n, 7n) },
  },
  {
    name: 'lowering one does not ask for a raise that waits',
    storage: { caps, capsToCome },
    options: { dayWal: 20n },
    chosen: { ...caps, perDay: cost(20n, 8n) },
  },
  {
    name: 'saying one as it is calls off a raise that waits',
    storage: { caps, capsToCome },
    options: { transactionWal: 10n },
    chosen: caps,
  },
  {
    name: 'raising one goes on from a raise that waits',
    storage: { caps, capsToCome },
    options: { epochWal: 60n, dayWal: 20n },
    chosen: { ...capsToCome.caps, perEpoch: cost(60n, 9n), perDay: cost(20n, 8n) },
  },
])('$name', ({ storage, options, chosen }) => {
  expect(chosenCaps(storage, options)).toEqual(chosen);
});
