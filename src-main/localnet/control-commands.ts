/**
 * @file What other processes may ask of a running local network: one table, its arguments checked.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseBlobId, parseSuiAddress } from '#engine/model/ids.ts';
import type { SliverAxis } from '#engine/model/walrus.ts';
import type { RunningLocalnet } from './localnet.ts';
import type { Forgery } from './nodes/node-context.ts';
import { usage } from './settings.ts';

/** JSON values by name. Amounts that may be large are decimal text. */
export type ControlArguments = Readonly<Record<string, unknown>>;

type Command = (localnet: RunningLocalnet, given: ControlArguments) => Promise<object>;

/** Every command but `stop`, which is the process's own. */
export const controlCommands = {
  ping: async () => ({ pid: process.pid }),
  status: async (localnet) => localnet.status(),
  fund: async (localnet, given) => {
    const mist = bigintOf(given, 'mist');
    const frost = bigintOf(given, 'frost');
    const { txDigest } = await localnet.fund(parseSuiAddress(textOf(given, 'address')), {
      mist,
      frost,
    });
    return { txDigest, mist: String(mist), frost: String(frost) };
  },
  'epoch-advance': async (localnet, given) =>
    localnet.advanceEpoch({
      count: numberOf(given, 'count', { min: 1, max: 1000 }),
      ...(given['moveShards'] === undefined
        ? {}
        : { moveShards: numberOf(given, 'moveShards', { min: 1, max: 1000 }) }),
    }),
  'price-set': async (localnet, given) => {
    const storageFrostPerMib = bigintOf(given, 'storage');
    const writeFrostPerMib = bigintOf(given, 'write');
    await localnet.setPrices({ storageFrostPerMib, writeFrostPerMib });
    return { storage: String(storageFrostPerMib), write: String(writeFrostPerMib) };
  },
  'rpc-drop-reply': async (localnet, given) => {
    const count = numberOf(given, 'count', { min: 0, max: 1_000_000 });
    localnet.dropRpcReplies(count);
    return { count };
  },
  'rpc-lag': async (localnet, given) => {
    const ms = numberOf(given, 'ms', DELAY);
    localnet.setRpcLag(ms);
    return { ms };
  },
  node: runNodeCommand,
  relay: async ({ relay }, given) => {
    if (!relay) throw usage('this local network has no upload relay: start it with --relay');
    const action = oneOf(relayActions, textOf(given, 'action'), 'action');
    await relay[action]();
    return { url: relay.url, action };
  },
} as const satisfies Record<string, Command>;

export type ControlCommand = keyof typeof controlCommands;

/** What may become of the upload relay, by its methods. */
export const relayActions = ['start', 'kill', 'hang'] as const;

export const nodeActions = [
  'stop',
  'start',
  'kill',
  'hang',
  'refuse',
  'lose-disk',
  'heal',
  'slow',
  'lag',
  'corrupt',
  'forge',
] as const;

export type NodeAction = (typeof nodeActions)[number];

const DELAY = { min: 0, max: 3_600_000 };
const CORRUPTIBLE: readonly (SliverAxis | 'metadata')[] = ['primary', 'secondary', 'metadata'];
const FORGEABLE: readonly Forgery[] = ['sliver', 'metadata', 'confirmation'];

async function runNodeCommand(localnet: RunningLocalnet, given: ControlArguments): Promise<object> {
  const { index, id, node } = localnet.node(textOf(given, 'id'));
  const action = oneOf(nodeActions, textOf(given, 'action'), 'action');
  const report = await act();
  return { index, id, action, mode: node.mode, ...report };

  async function act(): Promise<object> {
    switch (action) {
      case 'stop':
        await node.stop();
        return {};
      case 'start':
        await node.start();
        return {};
      case 'kill':
        await node.kill();
        return {};
      case 'hang':
        await node.hang();
        return {};
      case 'refuse':
        await node.refuse();
        return {};
      case 'lose-disk':
        node.loseDisk();
        return {};
      case 'heal':
        return node.heal();
      case 'slow': {
        const delayMs = numberOf(given, 'delayMs', DELAY);
        node.setDelay(delayMs);
        return { delayMs };
      }
      case 'lag': {
        const lagMs = numberOf(given, 'ms', DELAY);
        node.setLag(lagMs);
        return { lagMs };
      }
      case 'corrupt': {
        const what = oneOf(CORRUPTIBLE, textOf(given, 'what'), '--what');
        const blob = given['blob'] === undefined ? undefined : parseBlobId(textOf(given, 'blob'));
        return { what, filesCorrupted: node.corrupt(what, blob) };
      }
      case 'forge': {
        const what = oneOf(FORGEABLE, textOf(given, 'what'), '--what');
        node.forge(what);
        return { what };
      }
    }
  }
}

/** Run a command by its name. Throws `usage` for what does not exist. */
export async function runControlCommand(
  localnet: RunningLocalnet,
  name: string,
  given: ControlArguments,
): Promise<object> {
  if (!Object.hasOwn(controlCommands, name)) throw usage(`there is no command ${name}`);
  return controlCommands[name as ControlCommand](localnet, given);
}

function textOf(given: ControlArguments, name: string): string {
  const value = given[name];
  if (typeof value === 'string' && value !== '') return value;
  throw usage(`${name} is missing`);
}

function numberOf(
  given: ControlArguments,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = given[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw usage(`${name} must be a whole number from ${String(min)} to ${String(max)}`);
}

function bigintOf(given: ControlArguments, name: string): bigint {
  const value = textOf(given, name);
  if (!/^[0-9]{1,20}$/.test(value)) throw usage(`${name} must be a whole number`);
  return BigInt(value);
}

function oneOf<const T extends string>(allowed: readonly T[], value: string, name: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new EngineError('usage', `${name}: one of ${allowed.join(', ')}`);
  return found;
}
