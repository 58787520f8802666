/**
 * @file A home: the folder in which one vault of this machine lives, and its vault file.
 *
 *     vault.json        which network, which account of the vault; no secret
 *     secrets/          the sealed words, where no keychain is used
 *     index.db          the local index
 *     spool/            sealed packs that are not certified yet
 *     restores/         what a restore has finished, so that it can go on
 *     lock              held while an engine runs
 *     engine.sock       where that engine listens
 *     engine.token      what a caller shows to it
 *
 * Everything is 0700 or 0600.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseNetwork, type Network } from '#engine/model/network.ts';
import {
  absolutePath,
  pathBelow,
  type AbsolutePath,
  type HomeFiles,
} from '#engine/ports/file-system.ts';

export { defaultHome, defaultLocalnetFolder } from '#platform/home.ts';

const VAULT_FILE_BYTES_MAX = 1_048_576;
const VAULT_FILE_FORMAT = 1;

export interface HomePaths {
  readonly root: AbsolutePath;
  readonly vaultFile: AbsolutePath;
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

/** Read the home's vault file; undefined when there is none. */
export async function readVaultFile(
  files: HomeFiles,
  paths: HomePaths,
): Promise<VaultFile | undefined> {
  const bytes = await files.readFile(paths.vaultFile, VAULT_FILE_BYTES_MAX);
  if (bytes === undefined) return undefined;
  try {
    const json = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
    if (json['format'] !== VAULT_FILE_FORMAT) {
      throw new EngineError('format-unknown', `vault.json has format ${String(json['format'])}`);
    }
    return {
      network: parseNetwork(json['network']),
      networkJson: json['network'],
      chainIdentifier: String(json['chainIdentifier']),
      vaultId: String(json['vaultId']),
      deviceId: String(json['deviceId']),
      accountIndex: Number(json['accountIndex']),
      secretPlace: json['secretPlace'] as SecretPlace,
      isKitConfirmed: json['isKitConfirmed'] === true,
      createdAtMs: Number(json['createdAtMs']),
    };
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('index-damaged', 'vault.json cannot be read', { cause: error });
  }
}

export async function writeVaultFile(
  files: HomeFiles,
  paths: HomePaths,
  vault: VaultFile,
): Promise<void> {
  // The network stands there as its file has it; the parsed form follows from that.
  const json = { ...vault, format: VAULT_FILE_FORMAT, network: vault.networkJson, networkJson: undefined };
  files.ensureDirectory(paths.root);
  await files.writeFileDurable(
    paths.vaultFile,
    Buffer.from(`${JSON.stringify(json, undefined, 2)}\n`),
  );
}
