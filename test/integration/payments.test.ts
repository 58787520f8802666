/** @file Payments of a real wallet on a local chain, over a local index that fails as a test says. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import Database from 'better-sqlite3';
import { Payments } from '#engine/backup/payments.ts';
import { openLocalIndex, type LocalIndex } from '#engine/local-index/local-index.ts';
import { parseSuiAddress, type PackId } from '#engine/model/ids.ts';
import type { PreparedTransaction } from '#engine/sui/wallet/prepared.ts';
import type { Wallet } from '#engine/sui/wallet/wallet.ts';
import { makeTree } from '#test/support/tree.ts';
import { bareVault, startWorld, type BareVault, type World } from '#test/support/world.ts';

let world: World;
let vault: BareVault;
let index: LocalIndex;
let wallet: Wallet;

beforeAll(async () => {
  world = await startWorld();
  vault = await bareVault(world, 'home');
  const folder = world.path('Documents');
  makeTree(folder, { 'a.txt': 'a' });
  // A sync has brought coins, and packs to pay for.
  const engine = vault.open();
  await engine.api.addFolder({ path: folder, excludes: [], permanent: false });
  await engine.api.sync({});
  await engine.close();
});
beforeEach(() => {
  index = openLocalIndex(join(vault.home, 'index.db'));
  ({ wallet } = vault.openWallet());
});
afterEach(() => index.close());
afterAll(() => world.close());

const RECIPIENT = parseSuiAddress(`0x${'7'.repeat(64)}`);

const packIds = (): PackId[] => index.journal.all().map(({ packId }) => packId);

const transfer = (): Promise<PreparedTransaction> =>
  wallet.prepareTransfer({ recipient: RECIPIENT, mist: 1n, frost: 0n });

/** Another connection, for what the engine's own would never do. */
function changeSchema(sql: string): void {
  const database = new Database(join(vault.home, 'index.db'));
  database.exec(sql);
  database.close();
}

test('a payment that cannot be written down keeps no other from its turn', async () => {
  const payments = new Payments({ wallet, index, walType: () => '', onLanded: {} });
  const first = payments.pay(packIds(), async () => {
    const prepared = await transfer();
    changeSchema('ALTER TABLE chunks RENAME TO elsewhere');
    return prepared;
  });
  await expect(first).rejects.toMatchObject({ code: 'SQLITE_ERROR' });
  changeSchema('ALTER TABLE elsewhere RENAME TO chunks');
  expect(await payments.pay(packIds(), transfer)).toMatchObject({ status: { kind: 'success' } });
}, 30_000);

test('what a payment means is written once, whoever hears of it first', async () => {
  const written: string[] = [];
  const payments = new Payments({
    wallet,
    index,
    walType: () => '',
    onLanded: {
      transfer:
        async (_record, { digest }) =>
        () =>
          void written.push(digest),
    },
  });
  // Somebody settles what is pending, while whoever paid is about to hear that it landed.
  const submit = wallet.submit.bind(wallet);
  wallet.submit = async (...args) => {
    const outcome = await submit(...args);
    await payments.settlePending();
    return outcome;
  };
  const outcome = await payments.pay(packIds(), transfer);
  expect(written).toEqual([outcome?.digest]);
  expect(index.ledger.pending()).toEqual([]);
});
