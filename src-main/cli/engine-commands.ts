/** @file add, remove, folders, status, sync, daemon, doctor. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DoctorReport, FolderStatus, SyncReport, VaultStatus } from '#contract/api.ts';
import { errorCodes, EXIT, type ErrorCode, type ExitCode } from '#contract/errors.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { connectForRebuild } from '#host/connect.ts';
import { runCommand, withEngine, type CommandContext, type Outcome } from './context.ts';
import { packEventText } from './pack-text.ts';
import { serveVault, serveWindow } from './serving.ts';
import { bytesText, costText, countText, dateText, momentText, tableLines } from './text.ts';

/** How many unread files are listed before the rest is only counted. */
const UNREAD_LISTED_MAX = 20;

export function addEngineCommands(program: Command): void {
  addFolderCommands(program);
  addSyncCommand(program);
  addDaemonCommand(program);
  addDoctorCommand(program);
}

function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at everything of this home, and at the network behind it')
    .option('--rebuild-index', 'set a damaged local index aside and read it back from the network')
    .action(async (options: { rebuildIndex?: boolean }, command: Command) =>
      runCommand(command, async (context) => {
        const rebuildIndex = options.rebuildIndex === true;
        if (!rebuildIndex) {
          return withEngine(context, async ({ api }) =>
            printFindings(context, await api.doctor({}, context), undefined),
          );
        }
        const connection = await connectForRebuild(context);
        try {
          const report = await connection.api.doctor({ rebuildIndex }, context);
          return printFindings(context, report, connection.setAside);
        } finally {
          await connection.close();
        }
      }),
    );
}

const STATE_MARKS = { ok: 'ok  ', bad: 'BAD ', unknown: '?   ' } as const;

/** The exit code is that of the first thing that is wrong, or that nobody could be asked about. */
function printFindings(
  context: CommandContext,
  report: DoctorReport,
  setAside: string | undefined,
): ExitCode {
  context.print({ ...report, ...(setAside === undefined ? {} : { setAside }) }, [
    ...report.findings.map(
      ({ state, area, sentence }) => `${STATE_MARKS[state]} ${area}: ${sentence}`,
    ),
    ...(setAside === undefined ? [] : [`What was damaged is kept in ${setAside}`]),
  ]);
  const first = report.findings.find(({ state }) => state !== 'ok');
  return first === undefined ? EXIT.ok : errorCodes[first.code ?? 'internal'].exit;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function addFolderCommands(program: Command): void {
  program
    .command('add')
    .description('choose a folder to protect; nothing is spent before the next sync')
    .argument('<dir>')
    .option('--name <name>', 'how the folder is called (else the last part of its path)')
    .option(
      '--exclude <pattern>',
      'leave out what matches, gitignore syntax (repeatable)',
      collect,
      [],
    )
    .option('--permanent', 'nobody can delete it before its end, not even you; for archives')
    .option('--join <folder>', 'protect it as this folder, which another device protects, too')
    .action(
      async (
        dir: string,
        options: { name?: string; exclude: string[]; permanent?: boolean; join?: string },
        command: Command,
      ) =>
        runCommand(command, async (context) =>
          withEngine(context, async ({ api }) => {
            const folder = await api.addFolder(
              {
                path: resolve(dir),
                excludes: options.exclude,
                permanent: options.permanent === true,
                ...(options.name === undefined ? {} : { name: options.name }),
                ...(options.join === undefined ? {} : { joins: options.join }),
              },
              context,
            );
            context.print(folder, [
              `${folder.name} will be protected: ${folder.path}`,
              options.permanent === true
                ? 'Permanent: its packs cannot be deleted before their end.'
                : 'Whoever steals your 24 words could delete it; use --permanent for archives.',
              `Next: floe sync ${folder.name}`,
            ]);
            return EXIT.ok;
          }),
        ),
    );
  program
    .command('remove')
    .description('stop protecting a folder; its snapshots stay until they lapse')
    .argument('<folder>')
    .action(async (folder: string, _options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const removed = await api.removeFolder({ folder }, context);
          context.print(removed, [
            `${removed.name} is no longer protected. Nothing was spent.`,
            ...untilLines(removed.protectedUntil, 'Its last snapshot can be restored'),
          ]);
          return EXIT.ok;
        }),
      ),
    );
  program
    .command('folders')
    .description('the folders of this vault')
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const { folders } = await api.status({}, context);
          context.print({ folders }, folderLines(folders));
          return EXIT.ok;
        }),
      ),
    );
  program
    .command('status')
    .description('is everything protected, until when, and what is missing')
    .action(async (_options: unknown, command: Command) =>
      runCommand(command, async (context) =>
        withEngine(context, async ({ api }) => {
          const status = await api.status({ withSpread: true }, context);
          // A script asks what is so, not what was so when the network last answered.
          if (status.problem && isAway(status.problem.code)) {
            throw new EngineError(status.problem.code, status.problem.message);
          }
          context.print(status, statusLines(status));
          return statusExit(status);
        }),
      ),
    );
}

const isAway = (code: ErrorCode): boolean => errorCodes[code].retry === 'after-backoff';

/** 0 when all is protected, 3 when files are unread, 4 when something is not protected yet. */
function statusExit(status: VaultStatus): Outcome {
  const active = status.folders.filter((folder) => folder.isHere && !folder.removed);
  if (active.some((folder) => folder.protectedUntil === undefined)) return EXIT.notProtectedYet;
  return active.some((folder) => folder.unread.length > 0) ? EXIT.someFilesUnread : EXIT.ok;
}

function addSyncCommand(program: Command): void {
  program
    .command('sync')
    .description('bring every folder, or one, up to date; returns when all is protected')
    .argument('[folder]')
    .option('--accept-deletions', 'the many files that vanished were deleted on purpose')
    .action(
      async (
        folder: string | undefined,
        options: { acceptDeletions?: boolean },
        command: Command,
      ) =>
        runCommand(command, async (context) =>
          withEngine(context, async (connection) => {
            connection.subscribe((event) => {
              if (event.kind !== 'pack') return;
              context.progress.end();
              context.note(packEventText(event));
            });
            const report = await connection.api.sync(
              {
                acceptDeletions: options.acceptDeletions === true,
                ...(folder === undefined ? {} : { folder }),
              },
              context,
            );
            context.print(report, syncLines(report));
            return report.folders.some(({ unread }) => unread.length > 0)
              ? EXIT.someFilesUnread
              : EXIT.ok;
          }),
        ),
    );
}

function addDaemonCommand(program: Command): void {
  program
    .command('daemon')
    .description('keep this home protected until stopped; other commands use it while it runs')
    .option('--no-watch', 'only serve other commands; do not watch the folders')
    .option('--for-window', 'serve also a home without a vault, or one that is locked')
    .action(async (options: { watch: boolean; forWindow?: boolean }, command: Command) =>
      runCommand(command, async (context) => {
        const serve = options.forWindow === true ? serveWindow : serveVault;
        await serve(context, {
          watch: options.watch,
          onReady: ({ socket }) => {
            context.print({ ready: true, pid: process.pid, socket }, [
              'Floe keeps watch. Ctrl-C stops it.',
            ]);
          },
        });
        return EXIT.ok;
      }),
    );
}

function untilLines(
  until: { readonly atMs: number; readonly epoch: number } | undefined,
  what = 'Protected',
): string[] {
  return until ? [`${what} until ${dateText(until.atMs)} (epoch ${String(until.epoch)})`] : [];
}

function folderState(folder: FolderStatus): string {
  if (folder.removed)
    return ['No longer protected', ...untilLines(folder.protectedUntil, 'can be restored')].join(
      ', ',
    );
  if (folder.problem) return `Needs attention: ${folder.problem.message}`;
  if (!folder.protectedUntil) return 'Not protected yet';
  const until = untilLines(folder.protectedUntil)[0] ?? '';
  return folder.isHere ? until : `On another device. ${until}`;
}

function folderLines(folders: readonly FolderStatus[]): string[] {
  if (folders.length === 0) return ['No folder is protected yet. Next: floe add DIR'];
  return tableLines(
    folders.map((folder) => [
      folder.name,
      countText(folder.fileCount, 'file'),
      bytesText(folder.sizeBytes),
      folderState(folder),
    ]),
  );
}

export function statusLines(status: VaultStatus): string[] {
  const lines = [status.sentence, ''];
  lines.push(...folderLines(status.folders));
  for (const folder of status.folders) {
    if (folder.spread && !folder.removed) {
      const { storedShards, shardCount } = folder.spread;
      lines.push(`${folder.name}: spread ${String(storedShards)} of ${String(shardCount)} shards`);
    }
    lines.push(...waitingLines(folder), ...unreadLines(folder.name, folder.unread));
  }
  lines.push(
    '',
    `Network ${status.network.name}, epoch ${String(status.network.epoch)}, ${String(status.network.shardCount)} shards on ${countText(status.network.nodeCount, 'storage node')}`,
  );
  if (status.network.endpointCount === 1 && !status.network.isTryOut) {
    lines.push(
      'Read through one RPC endpoint: what it shows is genuine, but it could be old. A network file',
      'can name a second one.',
    );
  }
  return lines;
}

function waitingLines({ name, waiting }: FolderStatus): string[] {
  if (!waiting) return [];
  const { changes, nextCommitAtMs, costs } = waiting;
  const when =
    nextCommitAtMs === undefined ? 'paused' : `next commit ${momentText(nextCommitAtMs)}`;
  const price = costs === undefined ? [] : [`now it costs ${costText(costs)}`];
  return [[`${name}: ${countText(changes, 'change')} waiting`, when, ...price].join(', ')];
}

function unreadLines(
  name: string,
  unread: readonly { readonly path: string; readonly reason: string }[],
): string[] {
  if (unread.length === 0) return [];
  const listed = unread
    .slice(0, UNREAD_LISTED_MAX)
    .map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = unread.length - listed.length;
  return [
    `${name}: ${countText(unread.length, 'file')} could not be read:`,
    ...listed,
    ...(more > 0 ? [`  and ${String(more)} more`] : []),
  ];
}

export function syncLines(report: SyncReport): string[] {
  return report.folders.flatMap((folder) => [
    folder.published
      ? `${folder.name}: ${String(folder.filesAdded)} new, ${String(folder.filesChanged)} changed, ${String(folder.filesRemoved)} removed; ${bytesText(folder.bytesSealed)} stored`
      : `${folder.name}: nothing changed`,
    ...unreadLines(folder.name, folder.unread),
    ...untilLines(folder.protectedUntil),
  ]);
}
