/**
 * Goal: whoever sends bags to an account of a vault keeps nobody from publishing or restoring.
 * Method: another account of the real local network sends one of each kind; the device that owns the
 * folder, a blank one and the standalone restorer all go on.
 */
import { writeFileSync } from 'node:fs';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { bcs } from '@mysten/sui/bcs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BAG_TYPE, headFieldId } from '#engine/sui/head.ts';
import { parseObjectId, parseSuiAddress } from '#engine/model/ids.ts';
import { openWorld, type TestHome, type TestWorld } from '../support/floe-cli.ts';
import { installRestorer } from '../support/restorer.ts';
import { expectTree, makeTree } from '../support/tree.ts';

const SUI_MIST = 1_000_000_000n;

let world: TestWorld;
let home: TestHome;
let words: string;
let folder: string;
let address: string;
let client: SuiGrpcClient;

beforeAll(async () => {
  world = await openWorld({ shards: 4, nodes: 2, rpc: ['grpc-web'] });
  home = world.home('home');
  words = await home.init();
  folder = world.path('Letters');
  makeTree(folder, { 'one.txt': 'first' });
  await home.must(['add', folder]);
  await home.must(['sync']);
  address = String((await home.must(['wallet']))['address']);
  const [rpc] = [world.localnet.networkFile.rpc].flat();
  client = new SuiGrpcClient({ network: 'localnet', baseUrl: rpc?.url ?? '' });
});
afterAll(() => world.close());

/** The public bytes of the account's own device part, while its bag is the only one. */
async function devicePart(): Promise<Uint8Array> {
  const { objects } = await client.core.listOwnedObjects({ owner: address, type: BAG_TYPE });
  expect(objects).toHaveLength(1);
  const bag = parseObjectId(objects[0]?.objectId ?? '');
  const field = await client.core.getObject({
    objectId: headFieldId(bag, 0),
    include: { content: true },
  });
  const layout = bcs.struct('Field', { id: bcs.Address, key: bcs.u64(), value: bcs.byteVector() });
  return layout.parse(field.object.content).value;
}

async function sendBag(fields: readonly { readonly type: string; readonly value: Uint8Array }[]) {
  const signer = new Ed25519Keypair();
  await world.localnet.fund(parseSuiAddress(signer.toSuiAddress()), { mist: SUI_MIST });
  const transaction = new Transaction();
  const bag = transaction.moveCall({ target: '0x2::bag::new' });
  for (const [key, { type, value }] of fields.entries()) {
    transaction.moveCall({
      target: '0x2::bag::add',
      typeArguments: ['u64', type],
      arguments: [bag, transaction.pure.u64(key), transaction.pure(value)],
    });
  }
  transaction.transferObjects([bag], address);
  const { $kind } = await client.core.signAndExecuteTransaction({ transaction, signer });
  expect($kind).toBe('Transaction');
}

const vector = (value: Uint8Array): { type: string; value: Uint8Array } => ({
  type: 'vector<u8>',
  value: bcs.byteVector().serialize(value).toBytes(),
});

test('bags of strangers stop neither a publication nor a restore', async () => {
  const own = vector(await devicePart());
  await sendBag([]);
  await sendBag([{ type: 'bool', value: Uint8Array.of(1) }]);
  await sendBag([vector(new Uint8Array(300).fill(1))]);
  // What is ours in it is old or torn from its folder parts, and it comes before or behind ours.
  for (let copy = 0; copy < 4; copy += 1) await sendBag([own]);
  await sendBag([own, { type: 'bool', value: Uint8Array.of(1) }]);

  writeFileSync(`${folder}/two.txt`, 'second');
  await home.must(['sync']);

  const wordsFile = world.path('words.txt');
  writeFileSync(wordsFile, words, { mode: 0o600 });
  const blank = world.home('blank');
  await blank.must(['init', '--network', world.networkFile, '--words-file', wordsFile]);
  await blank.must(['restore', 'Letters', '--to', world.path('back')]);
  expectTree(world.path('back'), { 'one.txt': 'first', 'two.txt': 'second' });

  const restorer = installRestorer(world.path('restorer'));
  const args = ['restore', 'Letters', '--network', world.networkFile, '--to', world.path('alone')];
  const { code, stderr } = await restorer.run(args, words);
  expect({ code, stderr: stderr.split('\n').slice(1) }).toEqual({ code: 0, stderr: [''] });
  expectTree(world.path('alone'), { 'one.txt': 'first', 'two.txt': 'second' });
});
