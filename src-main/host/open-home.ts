/**
 * @file Opens a home: reads its vault file, unlocks its words, and composes the engine with this
 * machine. The caller holds the home's lock.
 */
import { hostname } from 'node:os';
import { openEngine, type Engine } from '#engine/engine.ts';
import { argon2id, deriveVaultKeys, readWords, seedFromWords } from '#engine/vault.ts';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import type { DeviceId } from '#engine/model/ids.ts';
import {
  absolutePath,
  absolutePathText,
  type AbsolutePath,
  type FileSystem,
} from '#engine/ports/file-system.ts';
import type { SecretStore } from '#engine/ports/ports.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { defaultLocalnetFolder } from '#platform/home.ts';
import { openKeychain } from '#platform/keychain.ts';
import { openLogFile, openLogger } from '#platform/log-file.ts';
import { openSealedFiles, openTryOutFiles, readPassphraseFile } from '#platform/secret-store.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { ChokidarWatchFiles } from '#platform/watch.ts';
import {
  homePaths,
  INDEX_FILES,
  readVaultFile,
  repairVaultFile,
  setAside,
  VAULT_FILE,
  type HomePaths,
  type SecretPlace,
  type VaultFile,
} from './home.ts';
import { isTryOut } from './network-choice.ts';

/** The secret that everything else follows from. */
export const WORDS_SECRET = 'words';
const DEVICE_NAME_BYTES_MAX = 64;

export interface HomeFacts extends VaultFile {
  readonly isTryOut: boolean;
}

/** What a home is, without opening it; undefined for an empty one. */
export async function readHome(home: string): Promise<HomeFacts | undefined> {
  const vault = await readVaultFile(openFileSystem(), homePaths(home));
  return vault && { ...vault, isTryOut: isTryOut(vault.network) };
}

/** Open the place where a home keeps its words. */
export async function openSecretStore(
  files: FileSystem,
  paths: HomePaths,
  place: SecretPlace,
  passphraseFile: string | undefined,
): Promise<SecretStore> {
  const sealed = { files, directory: paths.secrets, random: systemRandom, deriveKey: argon2id };
  switch (place) {
    case 'try-out':
      return openTryOutFiles(sealed);
    case 'passphrase':
      return openSealedFiles({
        ...sealed,
        askPassphrase: async () => {
          if (passphraseFile === undefined) {
            throw new EngineError(
              'secret-store-unavailable',
              'the words of this home are sealed with a passphrase, and none was given',
            );
          }
          return readPassphraseFile(files, passphraseFile);
        },
      });
    case 'keychain':
      return openKeychain({
        service: `Floe ${absolutePathText(paths.root)}`,
        random: systemRandom,
      });
  }
}

/**
 * Open the engine of a home.
 *
 * @throws EngineError `home-not-initialised`, `secret-store-unavailable`, `passphrase-wrong`,
 *   `index-damaged`, `format-unknown`
 */
export async function openHome(
  home: string,
  passphraseFile: string | undefined,
  options: { readonly mayCreateIndex?: boolean } = {},
): Promise<Engine> {
  const files = openFileSystem();
  const paths = homePaths(home);
  const vault = await readVaultFile(files, paths);
  if (!vault) throw new EngineError('home-not-initialised', `there is no vault in ${home}`);
  const store = await openSecretStore(files, paths, vault.secretPlace, passphraseFile);
  const secret = await store.get(WORDS_SECRET);
  if (!secret) {
    throw new EngineError(
      'secret-store-unavailable',
      'the words of this home are not in their place',
    );
  }
  const seed = await seedFromWords(readWords(Buffer.from(secret).toString('utf8')));
  const vaultKeys = deriveVaultKeys(seed, vault.chainIdentifier);
  if (vaultKeys.vaultId !== vault.vaultId) {
    throw new EngineError('words-invalid', 'the words in this home belong to another vault');
  }
  // SQLite makes its files itself: they may hold names, and are for their owner alone.
  process.umask(0o077);
  const log = openLogFile(absolutePathText(homeLog(paths)));
  return openEngine({
    network: vault.network,
    isTryOut: isTryOut(vault.network),
    chainIdentifier: vault.chainIdentifier,
    vaultKeys,
    seed,
    accountIndex: vault.accountIndex,
    deviceId: vault.deviceId as DeviceId,
    deviceName: deviceName(),
    isKitConfirmed: vault.isKitConfirmed,
    vaultCreatedAtMs: vault.createdAtMs,
    paths: {
      index: absolutePathText(paths.index),
      spool: paths.spool,
      own: [paths.root, absolutePath(defaultLocalnetFolder())],
    },
    mayCreateIndex: options.mayCreateIndex === true,
    files,
    watchFiles: new ChokidarWatchFiles(),
    clock: systemClock,
    random: systemRandom,
    logger: openLogger(systemClock, log.sink),
  });
}

/**
 * Open a home whose index or vault file may be damaged: what cannot be read is set aside, and an
 * empty index takes its place, to be filled by `doctor`. A sound one stays.
 *
 * @throws EngineError as openHome
 */
export async function openHomeForRebuild(
  home: string,
  passphraseFile: string | undefined,
): Promise<{ readonly engine: Engine; readonly setAside: string | undefined }> {
  const files = openFileSystem();
  const paths = homePaths(home);
  const nowMs = systemClock.nowMs();
  let kept: AbsolutePath | undefined;
  await repairVaultFile(files, paths, () => {
    kept = setAside(files, paths, [VAULT_FILE], nowMs);
  });
  let engine: Engine;
  try {
    engine = await openHome(home, passphraseFile);
  } catch (error) {
    if (!hasCode(error, 'index-damaged')) throw error;
    kept = setAside(files, paths, INDEX_FILES, nowMs) ?? kept;
    engine = await openHome(home, passphraseFile, { mayCreateIndex: true });
  }
  return { engine, setAside: kept && absolutePathText(kept) };
}

const homeLog = (paths: HomePaths) => absolutePath(`${absolutePathText(paths.root)}/floe.log`);

/** The machine's own name, cut to what a snapshot holds. */
export function deviceName(): string {
  let name = hostname();
  while (Buffer.byteLength(name) > DEVICE_NAME_BYTES_MAX) name = name.slice(0, -1);
  return name === '' ? 'this computer' : name;
}
