/**
 * @file demo: the whole story, unattended, on a temporary home.
 *
 * Protect a real tree, change it, lose the storage nodes of a third of the shards, lose the
 * machine, restore from the words alone, compare byte for byte. The exit code says whether it held.
 */
import { appendFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { connectEngine } from '#host/connect.ts';
import { compareFolders } from '#host/compare.ts';
import { setUpVault } from '#host/setup.ts';
import { runCommand, type CommandContext } from './context.ts';
import { runFloe, startFloe } from './processes.ts';
import { bytesText, countText, dateText } from './text.ts';

/** What Floe itself is made of: a tree that every checkout has. */
const REAL_TREE = ['src-main', 'docs', 'native/core', 'test/vectors'];
const CHECKOUT = dirname(dirname(import.meta.dirname));
const FOLDER_NAME = 'demo';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'the whole story on a temporary home: protect, lose everything, restore from words',
    )
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) => {
        const base = await mkdtemp(join(tmpdir(), 'floe-demo-'));
        const story = new Story(context, base);
        const localnet = await startFloe(
          ['localnet', 'start', '--dir', story.localnet, '--port', '0'],
          { stderr: 'ignore' },
        );
        try {
          await story.tell(localnet.ready);
          context.print({ held: true, lines: story.lines }, ['', 'It held.']);
          return EXIT.ok;
        } finally {
          await localnet.stop();
          await rm(base, { recursive: true, force: true });
        }
      }),
    );
}

interface DemoNode {
  readonly index: number;
  readonly shards: readonly number[];
}

class Story {
  readonly lines: string[] = [];
  readonly localnet: string;
  readonly #context: CommandContext;
  readonly #folder: string;
  readonly #home: string;
  readonly #blank: string;
  readonly #restored: string;

  constructor(context: CommandContext, base: string) {
    this.#context = context;
    this.localnet = join(base, 'network');
    this.#folder = join(base, 'folder');
    this.#home = join(base, 'home');
    this.#blank = join(base, 'blank');
    this.#restored = join(base, 'restored');
  }

  async tell(ready: Record<string, unknown>): Promise<void> {
    const network = { network: parseNetwork(ready), json: ready };
    const nodes = ready['storageNodes'] as DemoNode[];
    const shardCount = nodes.reduce((sum, node) => sum + node.shards.length, 0);
    this.#say(
      `A local network: ${String(shardCount)} shards on ${String(nodes.length)} storage nodes.`,
    );

    await this.#makeFolder();
    const vault = await this.#setUp(network, this.#home, undefined);
    const words = vault.words?.join(' ') ?? '';
    await this.#protect();
    await this.#change();

    const killed = nodesOfAThird(nodes, shardCount);
    for (const { index } of killed) await this.#node('kill', index);
    const lost = killed.reduce((sum, node) => sum + node.shards.length, 0);
    this.#say(
      `Killed ${countText(killed.length, 'storage node')} with ${String(lost)} of ${String(shardCount)} shards.`,
    );

    await rm(this.#home, { recursive: true });
    this.#say(
      'Lost the machine: the home with its keys, index and journal is gone. 24 words are left.',
    );
    const found = await this.#setUp(network, this.#blank, words);
    this.#say(
      `A blank machine, the words: found ${found.folders.map(({ name }) => name).join(', ')}.`,
    );
    await this.#restore();
    const differences = await compareFolders(this.#folder, this.#restored);
    if (differences.length > 0) {
      throw new EngineError(
        'restore-incomplete',
        `the restored tree differs: ${differences[0]?.part ?? ''}`,
        {
          context: { differences: differences.length },
        },
      );
    }
    this.#say('Compared names, bytes, modes, times and links: the restored folder is the same.');
  }

  #say(line: string): void {
    this.lines.push(line);
    if (!this.#context.isJson)
      process.stdout.write(`${String(this.lines.length).padStart(2)}. ${line}\n`);
  }

  async #makeFolder(): Promise<void> {
    for (const part of REAL_TREE) {
      await cp(join(CHECKOUT, part), join(this.#folder, part), {
        recursive: true,
        filter: (source) => !source.includes('/target/'),
      });
    }
    await mkdir(join(this.#folder, 'empty directory'));
    await symlink('docs/format.md', join(this.#folder, 'a link'));
    const names = await readdir(this.#folder, { recursive: true });
    this.#say(`A real tree: ${String(names.length)} files and directories of Floe's own sources.`);
  }

  async #setUp(
    network: Parameters<typeof setUpVault>[0]['network'],
    home: string,
    words: string | undefined,
  ): ReturnType<typeof setUpVault> {
    return setUpVault({
      home,
      network,
      words,
      mayStartEmpty: words === undefined,
      kitFile: undefined,
      passphraseFile: undefined,
      confirmWords: undefined,
      signal: this.#context.signal,
    });
  }

  async #protect(): Promise<void> {
    const engine = await this.#engine(this.#home);
    try {
      await engine.api.addFolder({
        path: this.#folder,
        name: FOLDER_NAME,
        excludes: [],
        permanent: false,
      });
      const report = await engine.api.sync({}, this.#context);
      const [folder] = report.folders;
      if (folder?.protectedUntil === undefined) {
        throw new EngineError('blob-not-certified', 'the folder is not protected');
      }
      this.#say(
        `Sealed ${bytesText(folder.bytesSealed)}, encoded, stored, certified: Protected until ${dateText(folder.protectedUntil.atMs)} (epoch ${String(folder.protectedUntil.epoch)}).`,
      );
    } finally {
      await engine.close();
    }
  }

  async #change(): Promise<void> {
    await appendFile(join(this.#folder, 'docs/design.md'), '\nOne more line.\n');
    await writeFile(join(this.#folder, 'new file.txt'), 'written after the first snapshot\n');
    await rm(join(this.#folder, 'docs/threat-model.md'));
    const engine = await this.#engine(this.#home);
    try {
      const report = await engine.api.sync({}, this.#context);
      const [folder] = report.folders;
      this.#say(
        `Changed it: ${String(folder?.filesAdded)} new, ${String(folder?.filesChanged)} changed, ${String(folder?.filesRemoved)} removed; only ${bytesText(folder?.bytesSealed ?? 0)} stored.`,
      );
      const status = await engine.api.status({ withSpread: true }, this.#context);
      const spread = status.folders[0]?.spread;
      this.#say(
        `Spread ${String(spread?.storedShards)} of ${String(spread?.shardCount)} shards. ${status.sentence}`,
      );
    } finally {
      await engine.close();
    }
  }

  async #restore(): Promise<void> {
    const engine = await this.#engine(this.#blank);
    try {
      const report = await engine.api.restore(
        { folder: FOLDER_NAME, target: this.#restored },
        this.#context,
      );
      this.#say(
        `Restored ${countText(report.filesRestored, 'file')}, ${bytesText(report.bytesRestored)}, from the storage nodes that are left.`,
      );
    } finally {
      await engine.close();
    }
  }

  async #engine(home: string): Promise<NonNullable<Awaited<ReturnType<typeof connectEngine>>>> {
    return connectEngine({ home, passphraseFile: undefined, signal: this.#context.signal });
  }

  async #node(action: string, index: number): Promise<void> {
    await runFloe(['localnet', 'node', action, String(index), '--dir', this.localnet]);
  }
}

/** Nodes that hold as many shards as the network tolerates to lose, and no more. */
function nodesOfAThird(nodes: readonly DemoNode[], shardCount: number): DemoNode[] {
  const chosen: DemoNode[] = [];
  let lost = 0;
  for (const node of nodes) {
    if (lost + node.shards.length > Math.floor((shardCount - 1) / 3)) continue;
    chosen.push(node);
    lost += node.shards.length;
  }
  return chosen;
}
