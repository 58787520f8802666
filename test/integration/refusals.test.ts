/**
 * Goal: what the contracts and the ledger refuse in the middle of a sync ends in a right decision
 * and a plain sentence. Changed prices and epochs are in faults.test.ts, ends in endings.test.ts.
 * Method: real transactions of others on the real local network, at the worst moment.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { WalrusClient } from '@mysten/walrus';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { encodedBytes } from '#engine/model/walrus.ts';
import {
  changedNetwork,
  expectFailure,
  openWorld,
  runFloeText,
  type TestHome,
  type TestWorld,
} from '../support/floe-cli.ts';
import { openRpcProxy, type RpcProxy } from '../support/rpc-proxy.ts';
import { makeTree } from '../support/tree.ts';

const SHARDS = 4;

let world: TestWorld;
let proxy: RpcProxy;
let home: TestHome;
let folder: string;
let client: SuiGrpcClient;

beforeEach(async () => {
  world = await openWorld({ shards: SHARDS, nodes: 2, rpc: ['grpc-web'] });
  const [rpc] = [world.localnet.networkFile.rpc].flat();
  proxy = await openRpcProxy(rpc?.url ?? '');
  client = new SuiGrpcClient({ network: 'localnet', baseUrl: rpc?.url ?? '' });
  const networkFile = changedNetwork(world, 'proxied.json', (network) => {
    network['rpc'] = { transport: 'grpc-web', url: proxy.url };
  });
  home = world.home('home');
  await home.must(['init', '--network', networkFile]);
  folder = world.path('Letters');
  makeTree(folder, { 'one.txt': 'first' });
  await home.must(['add', folder]);
  await home.must(['sync']);
});
afterEach(async () => {
  await proxy.close();
  await world.close();
});

const registrations = (): number =>
  world.localnet.chain.events.eventsSince(0).filter(({ kind }) => kind === 'blob-registered')
    .length;

async function executeAs(signer: Ed25519Keypair, transaction: Transaction): Promise<void> {
  const { $kind } = await client.core.signAndExecuteTransaction({ transaction, signer });
  expect($kind).toBe('Transaction');
}

/** The largest blob whose encoded form needs no more than `room`. */
function largestBlob(room: bigint): number {
  let [fits, tooLarge] = [0, Number(room)];
  while (tooLarge - fits > 1) {
    const size = Math.floor((fits + tooLarge) / 2);
    if (BigInt(encodedBytes(size, SHARDS)) <= room) fits = size;
    else tooLarge = size;
  }
  return fits;
}

test('a network without room says so, spends nothing, and stores when there is room', async () => {
  const other = new Ed25519Keypair();
  const address = parseSuiAddress(other.toSuiAddress());
  await world.localnet.fund(address, { mist: 10n ** 10n, frost: 10n ** 16n });
  const { walrus } = world.localnet.networkFile;
  const official = new WalrusClient({
    suiClient: client,
    packageConfig: {
      systemObjectId: walrus.systemObjectId,
      stakingPoolId: walrus.stakingObjectId,
    },
  });
  const { total_capacity_size: total, used_capacity_size: used } = await official.systemState();
  // Its `executeCreateStorageTransaction` looks for a blob in what it has created, and finds none.
  const transaction = official.createStorageTransaction({
    owner: address,
    epochs: 1,
    size: largestBlob(BigInt(total) - BigInt(used)),
  });
  await executeAs(other, transaction);

  const before = registrations();
  const balance = await home.must(['wallet']);
  writeFileSync(join(folder, 'two.txt'), 'second');
  expectFailure(await home.floe(['sync']), 'storage-exhausted', 5);
  expect(registrations()).toBe(before);
  expect((await home.must(['wallet']))['walFrost']).toBe(balance['walFrost']);

  await world.localnet.advanceEpoch();
  await home.must(['sync']);
  expect(registrations()).toBe(before + 1);
});

test('coins that another program moves meanwhile are read again, and nothing is paid twice', async () => {
  const { key } = await home.must(['wallet', 'export-key']);
  const signer = Ed25519Keypair.fromSecretKey(String(key));
  proxy.beforeExecution(async () => {
    const transaction = new Transaction();
    const [coin] = transaction.splitCoins(transaction.gas, [1_000]);
    transaction.transferObjects([coin], signer.toSuiAddress());
    await executeAs(signer, transaction);
  });
  const before = registrations();
  writeFileSync(join(folder, 'two.txt'), 'second');
  await home.must(['sync']);
  expect(registrations()).toBe(before + 1);
});

test('coins sent away without an answer are not sent again by the same command', async () => {
  const to = `0x${'a'.repeat(64)}`;
  const send = ['wallet', 'withdraw', to, '--sui', '0.25', '--confirm', to.slice(-6)];
  proxy.loseExecution();
  expectFailure(await home.floe(send), 'withdrawal-unanswered', 5);
  proxy.thaw();
  const again = await runFloeText(['--home', home.path, ...send]);
  expect(again.stdout).toMatch(
    /^Sent before, by the request that got no answer: 0\.25 SUI to 0xa+/,
  );
  const { balance } = await client.core.getBalance({ owner: to });
  expect(balance.balance).toBe('250000000');
});

test('a network that is away leaves open how folders are, and a doctor says so', async () => {
  proxy.refuse();
  const doctor = await home.floe(['doctor']);
  expect(doctor.code).toBe(5);
  expect(doctor.json['findings']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ area: 'chain', state: 'bad', code: 'rpc-unreachable' }),
      expect.objectContaining({
        area: 'folder Letters',
        state: 'unknown',
        sentence: expect.stringMatching(/^could not be asked: /) as unknown,
        code: 'rpc-unreachable',
      }),
    ]),
  );
  proxy.thaw();
  const well = await home.must(['doctor']);
  expect(well['findings']).toContainEqual(
    expect.objectContaining({ area: 'folder Letters', state: 'ok' }),
  );
});
