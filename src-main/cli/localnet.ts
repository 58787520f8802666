/**
 * @file floe localnet: a whole Walrus network on this computer, to try things out and to test.
 */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { defaultLocalnetFolder } from '#host/home.ts';
import { callLocalnet } from '#localnet/control-channel.ts';
import type { ControlArguments } from '#localnet/control-commands.ts';
import type { LocalnetOptions } from '#localnet/localnet.ts';
import type { LocalnetNetworkFile } from '#localnet/network-file.ts';
import { behaviourProfiles, type BehaviourProfile } from '#localnet/nodes/behaviour.ts';
import { parseTip } from '#localnet/relay/tip.ts';
import type { LocalnetTransport } from '#localnet/settings.ts';
import { runCommand, type CommandContext } from './context.ts';

const HELP = `
The network lives in --dir, else FLOE_LOCALNET, else the system's place for data, and survives a
restart with the same ports, keys and ids. Its clock stops while it is stopped.

Examples:
  $ floe localnet start                                 100 shards on 16 nodes, RPC on port 9000
  $ floe localnet start --shards 13 --nodes 4 --port 0  small, on any free ports
  $ floe localnet fund 0x2a.. --sui 5 --wal 20
  $ floe localnet node kill 3                           by index or object id
  $ floe localnet node heal 3                           whole again, with all its slivers
  $ floe localnet start --relay --tip const:105         with an upload relay that takes 105 MIST a blob
  $ floe localnet epoch advance --count 2
`;

const NODE_HELP = `
ID is the storage node's object id or its index (floe localnet status shows both).
heal ends every fault and waits until the node has recovered what it misses.
`;

const NANOS = 9;
const FUND_DEFAULT = 10n ** BigInt(NANOS + 1);

interface DirOption {
  readonly dir?: string;
}

interface StartOptions extends DirOption {
  readonly shards?: number;
  readonly nodes?: number;
  readonly port?: number;
  readonly rpc?: readonly LocalnetTransport[];
  readonly https?: true;
  readonly epochDuration?: number;
  readonly behaviour?: BehaviourProfile;
  readonly relay?: true;
  readonly tip?: string;
  readonly detach?: true;
  readonly join?: true;
}

export function addLocalnetCommands(program: Command): void {
  const localnet = program
    .command('localnet')
    .description('a whole Walrus network on this computer')
    .addHelpText('after', HELP);
  addStart(localnet);
  addSimple(localnet);
  addEpochAndPrice(localnet);
  addRpcFaults(localnet);
  addNodeCommands(localnet);
  addRelayCommands(localnet);
}

function addStart(localnet: Command): void {
  withDir(localnet.command('start'))
    .description('start it, and print its network file as one line once it is ready')
    .option('--shards <n>', 'shards, 4 or more (default 100)', wholeNumber)
    .option('--nodes <n>', 'storage nodes (default 16)', wholeNumber)
    .option('--port <n>', 'port of the RPC (default 9000; 0: any free one)', wholeNumber)
    .option('--rpc <list>', 'grpc-web, json-rpc or both (default grpc-web)', transports)
    .option('--https', 'storage nodes speak TLS with self-signed certificates')
    .option('--epoch-duration <time>', 'such as 30s, 10m, 1d (default 1d)', duration)
    .addOption(
      new Option('--behaviour <release>', 'behave as storage nodes of this release').choices(
        behaviourProfiles,
      ),
    )
    .option('--relay', 'with an upload relay; its address stands in the network file')
    .option('--tip <tip>', 'that it takes, MIST: none, const:N or linear:BASE:PERKIB', tip)
    .option('--detach', 'in the background')
    .option('--join', 'where it already runs, stay beside it')
    .action(async (options: StartOptions, command: Command) =>
      runCommand(command, async (context) => start(options, context)),
    );
}

/** The local network itself, loaded only when it is run: other commands start sooner. */
const loadProcess = () => import('#localnet/process.ts');

async function start(options: StartOptions, context: CommandContext): Promise<undefined> {
  const { joinLocalnet, runLocalnet, startDetached } = await loadProcess();
  const dir = directoryOf(options);
  if (options.detach) {
    const commandLine = process.argv.slice(1).filter((word) => word !== '--detach');
    printReady(await startDetached(dir, commandLine));
    return undefined;
  }
  const localnetOptions: LocalnetOptions = {
    dir,
    shards: options.shards,
    nodes: options.nodes,
    port: options.port,
    rpc: options.rpc,
    https: options.https,
    epochDurationMs: options.epochDuration,
    behaviour: options.behaviour,
    relay: options.relay || options.tip !== undefined ? { tip: options.tip ?? 'none' } : undefined,
    log: (line) => process.stderr.write(`${line}\n`),
  };
  const run = options.join ? joinLocalnet : runLocalnet;
  await run(
    localnetOptions,
    (networkFile) => {
      printReady(networkFile);
      context.note(`The local network in ${dir} is ready. Ctrl-C stops it.`);
    },
    context.signal,
  );
  return undefined;
}

/** One line of JSON, whatever the output format: that is how others know it is ready. */
function printReady(networkFile: LocalnetNetworkFile): void {
  process.stdout.write(`${JSON.stringify(networkFile)}\n`);
}

function addSimple(localnet: Command): void {
  withDir(localnet.command('stop'))
    .description('stop it and wait until it has')
    .action(async (options: DirOption, command: Command) =>
      runCommand(command, async (context) => {
        const { stopLocalnet } = await loadProcess();
        await stopLocalnet(directoryOf(options));
        context.print({ stopped: true }, ['Stopped.']);
        return undefined;
      }),
    );
  withDir(localnet.command('status'))
    .description('epoch, addresses, and how each storage node does')
    .action(async (options: DirOption, command: Command) =>
      runCommand(command, async (context) => {
        const status = await callLocalnet(directoryOf(options), 'status');
        context.print(status, statusLines(status));
        return undefined;
      }),
    );
  withDir(localnet.command('fund'))
    .description('give an address coins out of nothing (default 10 SUI and 10 WAL)')
    .argument('<address>', 'a Sui address')
    .option('--sui <amount>', 'SUI', amount)
    .option('--wal <amount>', 'WAL', amount)
    .action(
      async (
        address: string,
        options: DirOption & { readonly sui?: bigint; readonly wal?: bigint },
        command: Command,
      ) => {
        const hasAmount = options.sui !== undefined || options.wal !== undefined;
        const mist = options.sui ?? (hasAmount ? 0n : FUND_DEFAULT);
        const frost = options.wal ?? (hasAmount ? 0n : FUND_DEFAULT);
        await call(command, options, 'fund', {
          address,
          mist: String(mist),
          frost: String(frost),
        });
      },
    );
}

function addEpochAndPrice(localnet: Command): void {
  const epoch = localnet.command('epoch').description('Walrus epochs');
  withDir(epoch.command('advance'))
    .description('start the next epoch now')
    .option('--count <n>', 'that many times', wholeNumber, 1)
    .option('--move-shards <n>', 'that many shards change owners each time', wholeNumber)
    .action(
      async (
        options: DirOption & { readonly count: number; readonly moveShards?: number },
        command: Command,
      ) =>
        call(command, options, 'epoch-advance', {
          count: options.count,
          moveShards: options.moveShards,
        }),
    );
  const price = localnet.command('price').description('what storage costs');
  withDir(price.command('set'))
    .description('all nodes vote for these prices')
    .requiredOption('--storage <frost>', 'FROST per MiB and epoch')
    .requiredOption('--write <frost>', 'FROST per MiB written')
    .action(
      async (
        options: DirOption & { readonly storage: string; readonly write: string },
        command: Command,
      ) => call(command, options, 'price-set', { storage: options.storage, write: options.write }),
    );
}

function addRpcFaults(localnet: Command): void {
  const rpc = localnet.command('rpc').description('faults of the RPC');
  withDir(rpc.command('drop-reply'))
    .description('execute the next transactions, but lose the answers')
    .requiredOption('--count <n>', 'how many', wholeNumber)
    .action(async (options: DirOption & { readonly count: number }, command: Command) =>
      call(command, options, 'rpc-drop-reply', { count: options.count }),
    );
  withDir(rpc.command('lag'))
    .description('let reads be behind')
    .requiredOption('--ms <n>', 'by how much; 0 ends it', wholeNumber)
    .action(async (options: DirOption & { readonly ms: number }, command: Command) =>
      call(command, options, 'rpc-lag', { ms: options.ms }),
    );
}

function addNodeCommands(localnet: Command): void {
  const node = localnet
    .command('node')
    .description('faults of single storage nodes')
    .addHelpText('after', NODE_HELP);
  const plain: readonly (readonly [string, string])[] = [
    ['stop', 'end it in order'],
    ['start', 'let it serve again'],
    ['kill', 'reset its connections; nothing under way is finished'],
    ['hang', 'accept requests and never answer'],
    ['refuse', 'refuse connections'],
    ['lose-disk', 'lose all its blobs'],
    ['heal', 'end every fault and wait until it has recovered what it misses'],
  ];
  for (const [action, description] of plain) addNodeCommand(node, action, description);
  addNodeCommand(node, 'slow', 'answer late').requiredOption(
    '--delay-ms <n>',
    'by how much; 0 ends it',
    wholeNumber,
  );
  addNodeCommand(node, 'lag', 'hear of chain events late').requiredOption(
    '--ms <n>',
    'by how much; 0 ends it',
    wholeNumber,
  );
  addNodeCommand(node, 'corrupt', 'damage files on its disk')
    .addOption(
      new Option('--what <kind>')
        .choices(['primary', 'secondary', 'metadata'])
        .makeOptionMandatory(),
    )
    .option('--blob <id>', 'of one blob only');
  addNodeCommand(node, 'forge', 'serve wrong bytes or signatures').addOption(
    new Option('--what <kind>')
      .choices(['sliver', 'metadata', 'confirmation'])
      .makeOptionMandatory(),
  );
}

function addRelayCommands(localnet: Command): void {
  const relay = localnet.command('relay').description('faults of the upload relay');
  const actions: readonly (readonly [string, string])[] = [
    ['kill', 'reset its connections and refuse new ones'],
    ['hang', 'take requests and never answer'],
    ['start', 'let it serve again'],
  ];
  for (const [action, description] of actions) {
    withDir(relay.command(action))
      .description(description)
      .action(async (options: DirOption, command: Command) =>
        call(command, options, 'relay', { action }),
      );
  }
}

function addNodeCommand(node: Command, action: string, description: string): Command {
  return withDir(node.command(action))
    .description(description)
    .argument('<id>', 'object id or index')
    .action(async (id: string, options: DirOption & ControlArguments, command: Command) => {
      await call(command, options, 'node', { ...options, action, id });
    });
}

/** Ask the running network, and print what it says. */
async function call(
  command: Command,
  options: DirOption,
  name: string,
  given: ControlArguments,
): Promise<void> {
  await runCommand(command, async (context) => {
    const result = await callLocalnet(directoryOf(options), name, given);
    const facts = Object.entries(result).map(([key, value]) => `${key} ${String(value)}`);
    context.print(result, [facts.join(', ')]);
    return undefined;
  });
}

function statusLines(status: Record<string, unknown>): readonly string[] {
  const nodes = status['nodes'] as readonly {
    readonly index: number;
    readonly id: string;
    readonly address: string;
    readonly mode: string;
    readonly shards: readonly number[];
  }[];
  const endsAt = new Date(Number(status['epochEndsAtMs'])).toISOString();
  return [
    `${String(status['dir'])}: epoch ${String(status['epoch'])}, ends ${endsAt}`,
    ...nodes.map(
      ({ index, id, address, mode, shards }) =>
        `${String(index).padStart(3)}  ${mode.padEnd(8)} ${address}  ${String(shards.length)} shards  ${id}`,
    ),
  ];
}

function withDir(command: Command): Command {
  return command.option('--dir <dir>', 'where the network lives (else FLOE_LOCALNET)');
}

function directoryOf(options: DirOption): string {
  return resolve(options.dir ?? process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder());
}

function tip(text: string): string {
  try {
    parseTip(text);
    return text;
  } catch {
    throw new InvalidArgumentError('none, const:N or linear:BASE:PERKIB, in MIST.');
  }
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

function transports(text: string): readonly LocalnetTransport[] {
  const list = text.split(',').map((word) => word.trim());
  return list.map((word) => {
    if (word === 'grpc-web' || word === 'json-rpc') return word;
    throw new InvalidArgumentError('Only grpc-web and json-rpc.');
  });
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `30s`, `1.5h`, `1d`; a bare number counts seconds. */
function duration(text: string): number {
  const [, count = '', unit = 's'] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? 0);
  if (count === '' || ms <= 0) throw new InvalidArgumentError('Such as 30s, 10m, 12h, 1d.');
  return Math.round(ms);
}

/** The smallest unit of a decimal amount with up to nine digits behind the point. */
function amount(text: string): bigint {
  const [, whole = '', fraction = ''] = /^([0-9]{1,10})(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  if (whole === '') throw new InvalidArgumentError('A number, with up to nine decimals.');
  return BigInt(whole) * 10n ** BigInt(NANOS) + BigInt(fraction.padEnd(NANOS, '0') || '0');
}
