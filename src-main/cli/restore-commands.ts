/** @file snapshots, ls, restore. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '#contract/errors.ts';
import { runCommand, withEngine } from './context.ts';
import { bytesText, countText, momentText, tableLines } from './text.ts';

const LOST_LISTED_MAX = 50;

export function addRestoreCommands(program: Command): void {
  program
    .command('snapshots')
    .description('what can be restored')
    .argument('[folder]')
    .action(async (folder: string | undefined, _options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const snapshots = await api.snapshots(folder === undefined ? {} : { folder }, context);
          const rows = snapshots.map((snapshot) => [
            snapshot.snapshotId.slice(0, 12),
            snapshot.folderName,
            momentText(snapshot.atMs),
            countText(snapshot.fileCount, 'file'),
            bytesText(snapshot.sizeBytes),
          ]);
          context.print(
            { snapshots },
            rows.length === 0 ? ['There is no snapshot yet.'] : tableLines(rows),
          );
          return EXIT.ok;
        }),
      ),
    );
  program
    .command('ls')
    .description('what a snapshot holds')
    .argument('<folder[:path]>')
    .option('--snapshot <id>', 'the start of a snapshot ID (else the newest)')
    .action(async (place: string, options: { snapshot?: string }, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const colon = place.indexOf(':');
          const entries = await api.list(
            {
              folder: colon < 0 ? place : place.slice(0, colon),
              path: colon < 0 ? '' : place.slice(colon + 1),
              ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
            },
            context,
          );
          context.print(
            { entries },
            tableLines(
              entries.map((entry) => [
                (entry.mode & 0o7777).toString(8).padStart(4, '0'),
                entry.kind === 'file' ? bytesText(entry.sizeBytes) : '',
                momentText(entry.mtimeMs),
                `${entry.path}${entry.kind === 'directory' ? '/' : ''}${entry.target === undefined ? '' : ` -> ${entry.target}`}`,
              ]),
            ),
          );
          return EXIT.ok;
        }),
      ),
    );
  program
    .command('restore')
    .description('bring a folder, or a part of it, back; run again it goes on where it stopped')
    .argument('<folder>')
    .requiredOption('--to <dir>', 'an empty or new folder')
    .option('--snapshot <id>', 'the start of a snapshot ID (else the newest)')
    .option('--path <glob>', "only what matches, for instance 'photos/2026/**'")
    .action(
      async (
        folder: string,
        options: { to: string; snapshot?: string; path?: string },
        command: Command,
      ) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const report = await api.restore(
              {
                folder,
                target: resolve(options.to),
                ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
                ...(options.path === undefined ? {} : { glob: options.path }),
              },
              context,
            );
            const lost = report.lost
              .slice(0, LOST_LISTED_MAX)
              .map(({ path, reason }) => `  lost: ${path}: ${reason}`);
            context.print(report, [
              `Restored ${countText(report.filesRestored, 'file')}, ${bytesText(report.bytesRestored)}, to ${report.target}`,
              ...(report.filesAlreadyThere > 0
                ? [
                    `${countText(report.filesAlreadyThere, 'file')} ${report.filesAlreadyThere === 1 ? 'was' : 'were'} there already`,
                  ]
                : []),
              ...lost,
            ]);
            return report.lost.length > 0 ? EXIT.damage : EXIT.ok;
          }),
        ),
    );
}
