/** @file moves.json: the homes that folders moved to, and the moves, for an engine that begins again. */
import * as v from 'valibot';
import { pathBelow, type FileSystem } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { setAside, type HomePaths } from './home.ts';

const MOVES_FILE = 'moves.json';
const MOVES_BYTES_MAX = 1_048_576;

const movesFile = v.object({
  homes: v.array(v.object({ networkName: v.string(), home: v.string() })),
  moves: v.array(
    v.object({
      folderId: v.string(),
      folderName: v.string(),
      networkName: v.string(),
      folderIdThere: v.optional(v.string()),
      isDone: v.boolean(),
      isEnding: v.optional(v.boolean(), false),
    }),
  ),
});
export type MovesRecord = v.InferOutput<typeof movesFile>;

export interface MovesFilePlace {
  readonly files: FileSystem;
  readonly paths: HomePaths;
  readonly clock: Clock;
}

/** What was written; a file that is damaged is set aside. */
export async function readMoves({ files, paths, clock }: MovesFilePlace): Promise<MovesRecord> {
  const none: MovesRecord = { homes: [], moves: [] };
  const bytes = await files.readFile(pathBelow(paths.root, MOVES_FILE), MOVES_BYTES_MAX);
  if (bytes === undefined) return none;
  const parsed = v.safeParse(movesFile, jsonOf(bytes));
  if (parsed.success) return parsed.output;
  setAside(files, paths, [MOVES_FILE], clock.nowMs());
  return none;
}

export async function writeMoves(
  { files, paths }: MovesFilePlace,
  record: MovesRecord,
): Promise<void> {
  // Without what else the moves carry.
  const written = v.parse(movesFile, record);
  const bytes = Buffer.from(`${JSON.stringify(written, undefined, 2)}\n`);
  await files.writeFileDurable(pathBelow(paths.root, MOVES_FILE), bytes);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
