/** @file Choosing folders, naming them, finding them again. */
import { unwrapFolderKeys, wrapFolderKeys } from './archive/folder-key-wrap.ts';
import { createFolderKeys } from './codec/keys.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';
import type { LocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import type { FolderKeys } from './model/folder-keys.ts';
import { absolutePath, absolutePathText, FileError } from './ports/file-system.ts';

const NAME_CHARACTERS_MAX = 60;

/**
 * Protect a folder from the next sync on. Nothing is spent.
 *
 * @throws EngineError `folder-missing`, `folder-unreadable`, `folder-nested`, `folder-name-taken`
 */
export async function addFolder(
  parts: EngineParts,
  request: {
    readonly path: string;
    readonly name?: string;
    readonly excludes: readonly string[];
    readonly permanent: boolean;
  },
  signal: AbortSignal,
): Promise<FolderRecord> {
  const { index, options, codec } = parts;
  const root = await resolveFolder(parts, request.path);
  const active = index.folders.all().filter(({ removed }) => !removed);
  refuseNested(parts, root, active);
  const name = request.name ?? defaultName(root);
  if (name === '' || /[:/]/.test(name) || name.length > NAME_CHARACTERS_MAX) {
    throw new EngineError(
      'usage',
      `a folder's name has no colon, no slash, and from 1 to ${String(NAME_CHARACTERS_MAX)} characters`,
    );
  }
  const isTaken = active.some((folder) => folder.name === name);
  if (isTaken || (await isNameInVault(parts, name, signal))) {
    throw new EngineError('folder-name-taken', `another folder of this vault is called ${name}`);
  }
  const { folderId, keys } = createFolderKeys(options.random);
  const { vaultId, vaultKey } = options.vaultKeys;
  const folder = {
    folderId,
    name,
    root,
    permanent: request.permanent,
    excludes: request.excludes,
    wrappedKeys: await wrapFolderKeys(keys, { codec, vaultId, vaultKey, folderId }),
    headSlot: index.folders.nextHeadSlot(),
  };
  index.folders.add(folder);
  const added = index.folders.find(folderId);
  if (!added) throw new EngineError('internal', 'a folder was added and is not there');
  return added;
}

/**
 * The folder at a path, links followed.
 *
 * @throws EngineError `folder-missing`, `folder-unreadable`
 */
export async function resolveFolder({ options }: EngineParts, path: string): Promise<string> {
  const { files } = options;
  const real = files.realPath(absolutePath(path));
  const stat = real === undefined ? undefined : files.stat(real);
  if (real === undefined || stat?.kind !== 'directory') {
    throw new EngineError('folder-missing', `there is no folder at ${path}`);
  }
  try {
    await files.listDirectory(real);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new EngineError('folder-unreadable', `the folder ${path} cannot be read`, {
      cause: error,
    });
  }
  return absolutePathText(real);
}

/** @throws EngineError `folder-nested` */
export function refuseNested(
  { options }: EngineParts,
  root: string,
  active: readonly FolderRecord[],
): void {
  const other = active.find((folder) => isInside(root, folder.root) || isInside(folder.root, root));
  if (other) {
    throw new EngineError(
      'folder-nested',
      other.root === root
        ? `${root} is protected already, as ${other.name}`
        : `${root} and the protected folder ${other.name} lie in one another`,
    );
  }
  const own = options.paths.own.map(absolutePathText).find((path) => isInside(root, path));
  if (own !== undefined) {
    throw new EngineError('folder-nested', `${root} lies in Floe's own folder`);
  }
}

/** Whether `path` is `folder` or lies in it. */
const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

function defaultName(root: string): string {
  const last = root.split('/').at(-1) ?? '';
  const name = last.replaceAll(':', '-').slice(0, NAME_CHARACTERS_MAX);
  return name === '' ? 'root' : name;
}

/** A name for the folder that no other of this device has. */
export function suggestedName({ index }: EngineParts, root: string): string {
  const taken = new Set(
    index.folders
      .all()
      .filter((folder) => !folder.removed && folder.root !== root)
      .map(({ name }) => name),
  );
  const name = defaultName(root);
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} ${String(number)}`;
  return free;
}

/** Names are unique in a vault, not only on this device. */
async function isNameInVault(
  { catalog, index }: EngineParts,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const mine = new Set(index.folders.all().map(({ folderId }) => folderId));
  const { found } = await catalog.newest(signal, mine);
  return found.some(({ signed, isRemoved }) => !isRemoved && signed.snapshot.folderName === name);
}

/**
 * The folder of this device called `text`: by name, by the start of its ID, or by its path.
 *
 * @throws EngineError `folder-unknown`
 */
export function findFolder({ index, options }: EngineParts, text: string): FolderRecord {
  const folders = index.folders.all();
  const active = folders.filter(({ removed }) => !removed);
  const byName =
    active.find(({ name }) => name === text) ?? folders.find(({ name }) => name === text);
  if (byName) return byName;
  const byId = /^[0-9a-f]{4,32}$/.test(text)
    ? folders.filter(({ folderId }) => folderId.startsWith(text))
    : [];
  if (byId.length === 1 && byId[0]) return byId[0];
  const real = text.startsWith('/') ? options.files.realPath(absolutePath(text)) : undefined;
  const path = real === undefined ? text : absolutePathText(real);
  const byPath = active.find(({ root }) => root === path);
  if (byPath) return byPath;
  throw new EngineError('folder-unknown', `no folder is called ${text}`);
}

/**
 * A folder as it is now: since somebody asked, hours may have passed. What is removed is paid for no
 * more, and its name may belong to another folder by now.
 *
 * @throws EngineError `folder-unknown`
 */
export function asProtectedNow(
  { folders }: LocalIndex,
  { folderId, name }: FolderRecord,
): FolderRecord {
  const now = folders.find(folderId);
  if (now && !now.removed) return now;
  throw new EngineError('folder-unknown', `${name} is no longer protected`);
}

/** The folder's keys, opened with the vault's. */
export async function openFolderKeys(
  { codec, options }: EngineParts,
  folder: FolderRecord,
): Promise<FolderKeys> {
  const { vaultId, vaultKey } = options.vaultKeys;
  const { folderId } = folder;
  return unwrapFolderKeys(folder.wrappedKeys, { codec, vaultId, vaultKey, folderId });
}
