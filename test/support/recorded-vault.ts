/**
 * @file A whole vault as one file: words, network, heads and blobs, and what each snapshot holds.
 *
 * Recorded from outside, with the clients of Sui and Walrus alone, so that what is read later owes
 * nothing to the release that reads it. Given back in the same way: the local network is made again
 * with the same genesis (keys of a vault depend on it), and everything is written to it as it was.
 */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { bcs } from '@mysten/sui/bcs';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Transaction } from '@mysten/sui/transactions';
import { deriveDynamicFieldID } from '@mysten/sui/utils';
import { WalrusClient } from '@mysten/walrus';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { startLocalnet, type RunningLocalnet } from '#localnet/localnet.ts';
import { freePorts } from '#localnet/ports.ts';
import { HOST, type LocalnetSettings } from '#localnet/settings.ts';

export interface RecordedSnapshot {
  readonly snapshotId: string;
  readonly folder: string;
  /** See `describeTree`. */
  readonly tree: readonly string[];
}

export interface RecordedVault {
  readonly description: string;
  readonly release: string;
  readonly words: string;
  readonly network: {
    readonly settings: LocalnetSettings;
    /** Of each storage node. They are part of the genesis. */
    readonly nodeKeys: readonly unknown[];
  };
  readonly accounts: readonly {
    /** k of the derivation path. */
    readonly index: number;
    /** Values of the head's fields 0 to n, base64. */
    readonly head: readonly string[];
    readonly blobs: readonly {
      readonly blobId: string;
      readonly deletable: boolean;
      readonly base64: string;
    }[];
  }[];
  readonly snapshots: readonly RecordedSnapshot[];
}

const COIN = 1_000_000_000n;
/** Accounts that are looked at. */
const ACCOUNTS = 4;

const keypairOf = (words: string, index: number): Ed25519Keypair =>
  Ed25519Keypair.deriveKeypair(words, `m/44'/784'/${String(index)}'/0'/0'`);

function openClients(localnet: RunningLocalnet): { sui: SuiGrpcClient; walrus: WalrusClient } {
  const { rpc, walrus } = localnet.networkFile;
  const sui = new SuiGrpcClient({ network: 'localnet', baseUrl: [rpc].flat()[0]!.url });
  const packageConfig = {
    systemObjectId: walrus.systemObjectId,
    stakingPoolId: walrus.stakingObjectId,
  };
  return {
    sui,
    walrus: new WalrusClient({ suiClient: sui, storageNodeUrlScheme: 'http', packageConfig }),
  };
}

/** Everything that the accounts of `words` own on the network now. */
export async function recordVault(
  localnet: RunningLocalnet,
  dir: string,
  vault: Pick<RecordedVault, 'description' | 'release' | 'words' | 'snapshots'>,
): Promise<RecordedVault> {
  const clients = openClients(localnet);
  const settings = readJson(join(dir, 'localnet.json')) as LocalnetSettings;
  const accounts: RecordedVault['accounts'][number][] = [];
  for (let index = 0; index < ACCOUNTS; index += 1) {
    const owner = keypairOf(vault.words, index).toSuiAddress();
    const head = await readHead(clients.sui, owner);
    const blobs = await readBlobs(clients, localnet, owner);
    if (head.length > 0 || blobs.length > 0) accounts.push({ index, head, blobs });
  }
  return {
    description: vault.description,
    release: vault.release,
    words: vault.words,
    network: {
      settings,
      nodeKeys: settings.nodes.map((_, index) => readJson(keysFile(dir, index))),
    },
    accounts,
    snapshots: vault.snapshots,
  };
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8')) as unknown;
const keysFile = (dir: string, index: number): string =>
  join(dir, 'nodes', String(index).padStart(2, '0'), 'keys.json');

async function readHead(sui: SuiGrpcClient, owner: string): Promise<string[]> {
  const { objects } = await sui.core.listOwnedObjects({ owner, type: '0x2::bag::Bag' });
  const [bag] = objects;
  if (!bag) return [];
  const values: string[] = [];
  for (;;) {
    const key = bcs.u64().serialize(values.length).toBytes();
    const objectId = deriveDynamicFieldID(bag.objectId, 'u64', key);
    const [field] = (
      await sui.core.getObjects({ objectIds: [objectId], include: { content: true } })
    ).objects;
    if (!field || field instanceof Error) return values;
    const value = bcs.byteVector().parse(field.content.subarray(32 + 8));
    values.push(Buffer.from(value).toString('base64'));
  }
}

async function readBlobs(
  { sui, walrus }: ReturnType<typeof openClients>,
  localnet: RunningLocalnet,
  owner: string,
) {
  const { object } = await sui.core.getObject({
    objectId: localnet.networkFile.walrus.systemObjectId,
  });
  const type = `${object.type.split('::')[0] ?? ''}::blob::Blob`;
  const { objects, hasNextPage } = await sui.core.listOwnedObjects({
    owner,
    type,
    include: { content: true },
  });
  if (hasNextPage) throw new Error('a recorded vault has too many blobs');
  const blobs: RecordedVault['accounts'][number]['blobs'][number][] = [];
  for (const { content } of objects) {
    const blobId = Buffer.from(content.subarray(36, 68)).toString('base64url');
    const base64 = Buffer.from(await walrus.readBlob({ blobId })).toString('base64');
    blobs.push({ blobId, deletable: content.at(-1) === 1, base64 });
  }
  return blobs.sort((one, other) => (one.blobId < other.blobId ? -1 : 1));
}

/** Make the vault's network again, in `dir`, and put everything back. */
export async function replayVault(vault: RecordedVault, dir: string): Promise<RunningLocalnet> {
  const { settings, nodeKeys } = vault.network;
  const [rpcPort = 0, faucetPort = 0, ...ports] = await freePorts(HOST, nodeKeys.length + 2);
  const nodes = settings.nodes.map((node, index) => ({ ...node, port: ports[index] ?? 0 }));
  nodeKeys.forEach((keys, index) => {
    mkdirSync(join(keysFile(dir, index), '..'), { recursive: true });
    writeFileSync(keysFile(dir, index), JSON.stringify(keys));
  });
  writeFileSync(
    join(dir, 'localnet.json'),
    JSON.stringify({ ...settings, rpcPort, faucetPort, nodes }),
  );
  const localnet = await startLocalnet({ dir, recoveryQuietMs: 200 });
  try {
    for (const account of vault.accounts) await replayAccount(vault, account, localnet);
    return localnet;
  } catch (error) {
    await localnet.close();
    throw error;
  }
}

async function replayAccount(
  { words }: RecordedVault,
  account: RecordedVault['accounts'][number],
  localnet: RunningLocalnet,
): Promise<void> {
  const { sui, walrus } = openClients(localnet);
  const signer = keypairOf(words, account.index);
  const owner = signer.toSuiAddress();
  await localnet.fund(parseSuiAddress(owner), { mist: 100n * COIN, frost: 100n * COIN });
  for (const { blobId, deletable, base64 } of account.blobs) {
    const blob = new Uint8Array(Buffer.from(base64, 'base64'));
    const written = await walrus.writeBlob({ blob, deletable, epochs: 10, signer, owner });
    if (written.blobId !== blobId) throw new Error(`${blobId} has become ${written.blobId}`);
  }
  const transaction = new Transaction();
  const bag = transaction.moveCall({ target: '0x2::bag::new' });
  account.head.forEach((value, key) => {
    transaction.moveCall({
      target: '0x2::bag::add',
      typeArguments: ['u64', 'vector<u8>'],
      arguments: [
        bag,
        transaction.pure.u64(key),
        transaction.pure.vector('u8', Buffer.from(value, 'base64')),
      ],
    });
  });
  transaction.transferObjects([bag], owner);
  const result = await sui.core.signAndExecuteTransaction({ transaction, signer });
  if (result.$kind !== 'Transaction') throw new Error('the head was not published');
}

/** Paths are text of one character a byte, so that every name is possible. */
const onDisk = (path: string): Buffer => Buffer.from(path, 'latin1');
const namesIn = (path: string): string[] => readdirSync(onDisk(path), 'latin1').toSorted();

/** Give every entry a whole second of its own, so that whoever restores it can. */
export function settleTimes(folder: string): void {
  let second = 1_700_000_000;
  const settle = (path: string): void => {
    if (lstatSync(onDisk(path)).isDirectory()) {
      for (const name of namesIn(path)) settle(`${path}/${name}`);
    }
    second += 1;
    lutimesSync(onDisk(path), second, second);
  };
  settle(folder);
}

/** A tree as lines: kind, permissions, time, what it holds, path. */
export function describeTree(folder: string, below = '.'): string[] {
  const path = onDisk(`${folder}/${below}`);
  const stat = lstatSync(path, { bigint: true });
  const [mode, time] = [(stat.mode & 0o777n).toString(8), String(stat.mtimeNs)];
  const name = JSON.stringify(below);
  if (stat.isSymbolicLink()) return [`link ${time} ${JSON.stringify(readlinkSync(path))} ${name}`];
  if (stat.isDirectory()) {
    const entries = namesIn(`${folder}/${below}`);
    const lines = entries.flatMap((entry) => describeTree(folder, `${below}/${entry}`));
    return [`directory ${mode} ${time} ${name}`, ...lines];
  }
  const hash = createHash('sha256').update(readFileSync(path)).digest('base64url').slice(0, 16);
  return [`file ${mode} ${time} ${String(stat.size)} ${hash} ${name}`];
}
