/**
 * @file A home: the folder in which one vault of this machine lives, and its vault file.
 *
 *     vault.json        which network, which account of the vault; no secret
 *     vault-copy.json   the same, for `floe doctor --rebuild-index`
 *     secrets/          the sealed words, where no keychain is used
 *     index.db          the local index
 *     spool/            sealed packs that are not certified yet
 *     restores/         what a restore has finished, so that it can go on
 *     lock              held while an engine runs
 *     engine.sock       where that engine listens
 *     engine.token      what a caller shows to it
 *     settings.json     the settings of the window
 *     browser.json      the browsers that were let in, as digests
 *     open-floe.html    leads one more browser in; while its code is good
 *     try-out.pid       the local network that was started for this home
 *     moves.json        the homes that folders moved to, and the moves
 *     look/             while words are looked at that are not set up yet
 *
 * Everything is 0700 or 0600.
 */
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { RawPath } from '#engine/model/ids.ts';
import { parseNetwork, type Network } from '#engine/model/network.ts';
import {
  absolutePath,
  FileError,
  pathBelow,
  type AbsolutePath,
  type HomeFiles,
  type TargetFiles,
} from '#engine/ports/file-system.ts';

export { defaultHome, defaultLocalnetFolder } from '#platform/home.ts';

const VAULT_FILE_BYTES_MAX = 1_048_576;
const VAULT_FILE_FORMAT = 1;

export interface HomePaths {
  readonly root: AbsolutePath;
  readonly vaultFile: AbsolutePath;
  readonly vaultFileCopy: AbsolutePath;
  readonly secrets: AbsolutePath;
  readonly index: AbsolutePath;
  readonly spool: AbsolutePath;
  readonly restores: AbsolutePath;
  readonly lock: AbsolutePath;
  readonly socket: AbsolutePath;
  readonly token: AbsolutePath;
}

export function homePaths(home: string): HomePaths {
  const root = absolutePath(home);
  const below = (name: string): AbsolutePath => pathBelow(root, name);
  return {
    root,
    vaultFile: below('vault.json'),
    vaultFileCopy: below('vault-copy.json'),
    secrets: below('secrets'),
    index: below('index.db'),
    spool: below('spool'),
    restores: below('restores'),
    lock: below('lock'),
    socket: below('engine.sock'),
    token: below('engine.token'),
  };
}

/** Where the words of a home are kept. */
export type SecretPlace =
  /** The system's keychain. */
  | 'keychain'
  /** A file sealed with a passphrase that is asked for. */
  | 'passphrase'
  /** The same, with the passphrase in a 0600 file beside it: only for the try-out network. */
  | 'try-out';

export interface VaultFile {
  /** As the network file says, so that the home works when that file is gone. */
  readonly network: Network;
  readonly networkJson: unknown;
  /** Pinned at `init`: another chain under the same name is refused. */
  readonly chainIdentifier: string;
  readonly vaultId: string;
  readonly deviceId: string;
  /** Which account of the words this device signs for. */
  readonly accountIndex: number;
  readonly secretPlace: SecretPlace;
  /** The words were typed back, or the kit was read again. */
  readonly isKitConfirmed: boolean;
  readonly createdAtMs: number;
}

/**
 * Read the home's vault file; undefined when the home was never set up.
 *
 * @throws EngineError `index-damaged` when it cannot be read, or is gone while its copy is there;
 *   `format-unknown` when a newer release wrote it
 */
export async function readVaultFile(
  files: HomeFiles,
  paths: HomePaths,
): Promise<VaultFile | undefined> {
  const vault = await readOne(files, paths.vaultFile);
  if (vault) return vault;
  // A copy that cannot be read says just as well that there was a vault.
  const copy = await readOne(files, paths.vaultFileCopy).catch((error: unknown) => {
    if (error instanceof FileError) throw error;
    return 'damaged';
  });
  if (copy === undefined) return undefined;
  throw new EngineError('index-damaged', 'vault.json is missing');
}

/**
 * Put the copy in the place of a vault file that cannot be read, which `setAside` keeps.
 *
 * @throws EngineError `index-damaged` when the copy cannot be read either
 */
export async function repairVaultFile(
  files: HomeFiles,
  paths: HomePaths,
  setAside: () => void,
): Promise<void> {
  try {
    if ((await readVaultFile(files, paths)) !== undefined) return;
  } catch (error) {
    if (!hasCode(error, 'index-damaged')) throw error;
    const copy = await readOne(files, paths.vaultFileCopy).catch(() => undefined);
    if (copy === undefined) {
      throw new EngineError(
        'index-damaged',
        'vault.json and its copy cannot be read; set up another home with the words',
        { cause: error },
      );
    }
    setAside();
    await writeVaultFile(files, paths, copy);
  }
}

async function readOne(files: HomeFiles, path: AbsolutePath): Promise<VaultFile | undefined> {
  try {
    const bytes = await files.readFile(path, VAULT_FILE_BYTES_MAX);
    return bytes && parseVaultFile(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    // A disk that refuses says nothing about the file.
    if (hasCode(error, 'format-unknown') || error instanceof FileError) throw error;
    throw new EngineError('index-damaged', 'vault.json cannot be read', { cause: error });
  }
}

const ID_PATTERN = /^[0-9a-f]{32}$/;
const SECRET_PLACES: readonly SecretPlace[] = ['keychain', 'passphrase', 'try-out'];

function parseVaultFile(value: unknown): VaultFile {
  const json = (value ?? {}) as Record<string, unknown>;
  const format = json['format'];
  if (typeof format === 'number' && format > VAULT_FILE_FORMAT) {
    throw new EngineError('format-unknown', `vault.json has format ${String(format)}`);
  }
  const place = SECRET_PLACES.find((one) => one === json['secretPlace']);
  const { chainIdentifier, vaultId, deviceId, accountIndex } = json;
  const isSound =
    format === VAULT_FILE_FORMAT &&
    typeof chainIdentifier === 'string' &&
    typeof vaultId === 'string' &&
    ID_PATTERN.test(vaultId) &&
    typeof deviceId === 'string' &&
    ID_PATTERN.test(deviceId) &&
    Number.isSafeInteger(accountIndex) &&
    Number(accountIndex) >= 0;
  if (!isSound || !place) throw new TypeError('a field of vault.json is missing');
  return {
    network: parseNetwork(json['network']),
    networkJson: json['network'],
    chainIdentifier,
    vaultId,
    deviceId,
    accountIndex: Number(accountIndex),
    secretPlace: place,
    isKitConfirmed: json['isKitConfirmed'] === true,
    createdAtMs: Number(json['createdAtMs']),
  };
}

export async function writeVaultFile(
  files: HomeFiles,
  paths: HomePaths,
  vault: VaultFile,
): Promise<void> {
  // The network stands there as its file has it; the parsed form follows from that.
  const json = {
    ...vault,
    format: VAULT_FILE_FORMAT,
    network: vault.networkJson,
    networkJson: undefined,
  };
  files.ensureDirectory(paths.root);
  const bytes = Buffer.from(`${JSON.stringify(json, undefined, 2)}\n`);
  await files.writeFileDurable(paths.vaultFile, bytes);
  await files.writeFileDurable(paths.vaultFileCopy, bytes);
}

/** What the file system refused in a home, as a person reads it. Anything else stays as it is. */
export function homeFailure(error: unknown, home: string): unknown {
  if (!(error instanceof FileError) || error.code !== 'internal') return error;
  const { systemCode } = error;
  return new EngineError('home-unwritable', `the home ${home} cannot be used: ${systemCode}`, {
    context: { systemCode },
    cause: error,
  });
}

/**
 * Move files of the home, as far as they are there, into a folder of their own in it. Nothing is
 * ever thrown away that somebody may want to look at.
 *
 * Gives the folder, or undefined when there was none of them.
 */
export function setAside(
  files: TargetFiles,
  paths: HomePaths,
  names: readonly string[],
  nowMs: number,
): AbsolutePath | undefined {
  const root = files.openTarget(paths.root);
  try {
    const there = names.map((name) => name as RawPath).filter((name) => root.stat(name));
    if (there.length === 0) return undefined;
    const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
    const folder = `damaged-${stamp}` as RawPath;
    if (!root.stat(folder)) root.makeDirectory(folder);
    const kept = root.openDirectory(folder);
    try {
      for (const name of there) root.moveTo(name, kept, name);
    } finally {
      kept.close();
    }
    return pathBelow(paths.root, folder);
  } finally {
    root.close();
  }
}

/** The local index with what SQLite keeps beside it. */
export const INDEX_FILES: readonly string[] = ['index.db', 'index.db-wal', 'index.db-shm'];
export const VAULT_FILE = 'vault.json';
export const SECRETS_FOLDER = 'secrets';
