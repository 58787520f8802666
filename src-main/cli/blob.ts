/** @file blob: the encoding by itself, on files. No vault, no network. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import {
  decodeFromSlivers,
  describeBlob,
  encodeToSlivers,
  verifySliverFile,
} from '#engine/blob-files.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { countText } from './text.ts';
import { runCommand } from './context.ts';

/** The protocol's: fewer have no recovery symbols, more have no index. */
const SHARDS_MIN = 4;
const SHARDS_MAX = 65_535;
const METADATA_FILE = 'metadata.bcs';
const SLIVER_FILE_PATTERN = /^(\d+)-(primary|secondary)\.bcs$/;

const shardsOption = (): Option =>
  new Option('--shards <n>', 'shards of the network').argParser(parseShards).makeOptionMandatory();

function parseShards(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < SHARDS_MIN || value > SHARDS_MAX) {
    throw new InvalidArgumentError(`a number from ${String(SHARDS_MIN)} to ${String(SHARDS_MAX)}`);
  }
  return value;
}

export function addBlobCommands(program: Command): void {
  const blob = program
    .command('blob')
    .description('encode, decode and verify files as Walrus does, without any network')
    .addHelpText(
      'after',
      `
Examples:
  $ floe blob id --shards 1000 photo.jpg
  $ floe blob encode --shards 100 --out slivers photo.jpg
  $ floe blob verify --shards 100 --metadata slivers/metadata.bcs slivers/3-primary.bcs
  $ floe blob decode --shards 100 --out photo.jpg slivers`,
    );
  blob
    .command('id')
    .description('the blob ID of a file')
    .argument('<file>')
    .addOption(shardsOption())
    .action(async (file: string, options: { shards: number }, command: Command) =>
      runCommand(command, async (context) => {
        const facts = await describeBlob(await read(file), options.shards, context.signal);
        context.print(facts, [facts.blobId]);
        return EXIT.ok;
      }),
    );
  blob
    .command('encode')
    .description('write metadata.bcs, PAIR-primary.bcs and PAIR-secondary.bcs')
    .argument('<file>')
    .addOption(shardsOption())
    .requiredOption('--out <dir>', 'a folder for the slivers; made if it is missing')
    .action(async (file: string, options: { shards: number; out: string }, command: Command) =>
      runCommand(command, async (context) => {
        await mkdir(options.out, { recursive: true });
        const facts = await encodeToSlivers(await read(file), options.shards, {
          signal: context.signal,
          onMetadata: (bytes) => writeFile(join(options.out, METADATA_FILE), bytes),
          onSliver: (pair, axis, bytes) =>
            writeFile(join(options.out, `${String(pair)}-${axis}.bcs`), bytes),
        });
        context.print({ ...facts, out: options.out }, [
          `${facts.blobId}: ${countText(facts.slivers, 'sliver')} in ${options.out}`,
        ]);
        return EXIT.ok;
      }),
    );
  addDecodeCommand(blob);
  addVerifyCommand(blob);
}

function addDecodeCommand(blob: Command): void {
  blob
    .command('decode')
    .description('rebuild a file from a folder of slivers: enough of either axis')
    .argument('<dir>')
    .addOption(shardsOption())
    .requiredOption('--out <file>', 'where to write the file')
    .option('--metadata <file>', 'the metadata (else metadata.bcs in the folder)')
    .action(
      async (
        dir: string,
        options: { shards: number; out: string; metadata?: string },
        command: Command,
      ) =>
        runCommand(command, async (context) => {
          const names = await readdir(dir).catch((error: unknown) => {
            throw new EngineError('usage', `the folder cannot be read: ${dir}`, { cause: error });
          });
          const slivers = names
            .map((name) => ({ name, match: SLIVER_FILE_PATTERN.exec(name) }))
            .filter(({ match }) => match !== null)
            .map(({ name, match }) => ({
              pair: Number(match?.[1]),
              axis: match?.[2] === 'primary' ? ('primary' as const) : ('secondary' as const),
              read: () => read(join(dir, name)),
            }));
          const metadata = await read(options.metadata ?? join(dir, METADATA_FILE));
          const decoded = await decodeFromSlivers(
            metadata,
            slivers,
            options.shards,
            context.signal,
          );
          await writeFile(options.out, decoded.bytes);
          const { blobId, skipped } = decoded;
          context.print({ blobId, sizeBytes: decoded.bytes.length, skipped, out: options.out }, [
            `${blobId}: ${countText(decoded.bytes.length, 'byte')} in ${options.out}`,
            ...(skipped > 0
              ? [
                  `${countText(skipped, 'sliver')} did not verify and ${skipped === 1 ? 'was' : 'were'} not used`,
                ]
              : []),
          ]);
          return EXIT.ok;
        }),
    );
}

function addVerifyCommand(blob: Command): void {
  blob
    .command('verify')
    .description('check slivers against their metadata')
    .argument('<file...>', 'PAIR-primary.bcs or PAIR-secondary.bcs')
    .addOption(shardsOption())
    .option('--metadata <file>', 'the metadata (else metadata.bcs beside the first file)')
    .action(
      async (files: string[], options: { shards: number; metadata?: string }, command: Command) =>
        runCommand(command, async (context) => {
          const beside = join(files[0] ?? '', '..', METADATA_FILE);
          const metadata = await read(options.metadata ?? beside);
          const results: { file: string; ok: boolean; reason: string | undefined }[] = [];
          for (const file of files) {
            const match = SLIVER_FILE_PATTERN.exec(file.split('/').at(-1) ?? '');
            if (!match) throw new EngineError('usage', `${file} is not named PAIR-AXIS.bcs`);
            const axis = match[2] === 'primary' ? 'primary' : 'secondary';
            const pair = Number(match[1]);
            const reason = await verifySliverFile(
              metadata,
              pair,
              axis,
              await read(file),
              options.shards,
            );
            results.push({ file, ok: reason === undefined, reason });
          }
          context.print(
            { results },
            results.map(
              ({ file, ok, reason }) =>
                `${ok ? 'ok  ' : 'BAD '} ${file}${reason ? `: ${reason}` : ''}`,
            ),
          );
          return results.every(({ ok }) => ok) ? EXIT.ok : EXIT.damage;
        }),
    );
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new EngineError('usage', `the file cannot be read: ${file}`, { cause: error });
  }
}
