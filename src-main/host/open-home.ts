/**
 * @file Opens a home: reads its vault file, unlocks its words, and composes the engine with this
 * machine. The caller holds the home's lock.
 */
import { homedir, hostname } from 'node:os';
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
import type { Logger, SecretStore } from '#engine/ports/ports.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { defaultLocalnetFolder } from '#platform/home.ts';
import { openKeychain } from '#platform/keychain.ts';
import { openLogFile, openLogger } from '#platform/log-file.ts';
import { keepMemoryPrivate } from '#platform/native-os.ts';
import { openSealedFiles, openTryOutFiles, readPassphraseFile } from '#platform/secret-store.ts';
import { needDescriptors } from '#platform/system-call.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { ChokidarWatchFiles } from '#platform/watch.ts';
import {
  homePaths,
  INDEX_FILES,
  readVaultFile,
  repairVaultFile,
  setAside,
  writeVaultFile,
  VAULT_FILE,
  type HomePaths,
  type SecretPlace,
  type VaultFile,
} from './home.ts';
import { isTryOut } from './network-choice.ts';
import { Settings, uploadWish } from './settings.ts';

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

/** Gives the passphrase of the sealed words; absent where nobody can be asked. */
export type AskPassphrase = () => Promise<Uint8Array>;

/** A passphrase that lies in a file. */
export const passphraseFrom = (file: string | undefined): AskPassphrase | undefined =>
  file === undefined ? undefined : () => readPassphraseFile(openFileSystem(), file);

/** Open the place where a home keeps its words. A keychain is tried first, unless told otherwise. */
export async function openSecretStore(
  files: FileSystem,
  paths: HomePaths,
  place: SecretPlace,
  askPassphrase: AskPassphrase | undefined,
  options: { readonly isTried?: boolean } = {},
): Promise<SecretStore> {
  keepMemoryPrivate();
  const sealed = { files, directory: paths.secrets, random: systemRandom, deriveKey: argon2id };
  switch (place) {
    case 'try-out':
      return openTryOutFiles(sealed);
    case 'passphrase':
      return openSealedFiles({
        ...sealed,
        askPassphrase:
          askPassphrase ??
          (async () => {
            throw new EngineError(
              'secret-store-unavailable',
              'the words of this home are sealed with a passphrase, and none was given',
              { context: { place } },
            );
          }),
      });
    case 'keychain':
      return openKeychain({
        service: `Floe ${absolutePathText(paths.root)}`,
        random: systemRandom,
        isTried: options.isTried !== false,
      });
  }
}

export interface OpenOptions {
  readonly askPassphrase: AskPassphrase | undefined;
  readonly mayCreateIndex?: boolean;
}

/**
 * Open the engine of a home.
 *
 * @throws EngineError `home-not-initialised`, `secret-store-unavailable`, `passphrase-wrong`,
 *   `index-damaged`, `format-unknown`, `too-many-open-files`
 */
export async function openHome(home: string, options: OpenOptions): Promise<Engine> {
  needDescriptors();
  const files = openFileSystem();
  const paths = homePaths(home);
  const vault = await readVaultFile(files, paths);
  if (!vault) throw new EngineError('home-not-initialised', `there is no vault in ${home}`);
  const words = await readKeptWords(files, paths, vault.secretPlace, options);
  const log = openLogFile(absolutePathText(homeLog(paths)));
  return openVault(vault, words, {
    paths,
    mayCreateIndex: options.mayCreateIndex === true,
    logger: openLogger(systemClock, log.sink),
  });
}

/** A keychain gives its words without more ado, or is locked or gone, which trying it tells. */
async function readKeptWords(
  files: FileSystem,
  paths: HomePaths,
  place: SecretPlace,
  { askPassphrase }: OpenOptions,
): Promise<readonly string[]> {
  const open = (isTried: boolean): Promise<SecretStore> =>
    openSecretStore(files, paths, place, askPassphrase, { isTried });
  let secret = await (await open(false)).get(WORDS_SECRET);
  if (!secret && place === 'keychain') {
    secret = await (await open(true)).get(WORDS_SECRET);
  }
  if (!secret) {
    throw new EngineError(
      'secret-store-unavailable',
      'the words of this home are not in their place',
    );
  }
  const words = readWords(Buffer.from(secret).toString('utf8'));
  secret.fill(0);
  return words;
}

/** Compose the engine of a vault with this machine. */
export async function openVault(
  vault: VaultFile,
  words: readonly string[],
  home: {
    readonly paths: HomePaths;
    readonly mayCreateIndex: boolean;
    readonly logger: Logger;
  },
): Promise<Engine> {
  const { paths } = home;
  const seed = await seedFromWords(words);
  const vaultKeys = deriveVaultKeys(seed, vault.chainIdentifier);
  if (vaultKeys.vaultId !== vault.vaultId) {
    throw new EngineError('words-invalid', 'the words in this home belong to another vault');
  }
  // SQLite makes its files itself: they may hold names, and are for their owner alone.
  process.umask(0o077);
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
      person: absolutePath(homedir()),
    },
    mayCreateIndex: home.mayCreateIndex,
    upload: uploadWish(await new Settings(openFileSystem(), paths, systemClock).read()),
    onAccountTaken: (accountIndex) =>
      writeVaultFile(openFileSystem(), paths, { ...vault, accountIndex }),
    files: openFileSystem(),
    watchFiles: new ChokidarWatchFiles(),
    clock: systemClock,
    random: systemRandom,
    logger: home.logger,
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
  askPassphrase: AskPassphrase | undefined,
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
    engine = await openHome(home, { askPassphrase });
  } catch (error) {
    if (!hasCode(error, 'index-damaged')) throw error;
    kept = setAside(files, paths, INDEX_FILES, nowMs) ?? kept;
    engine = await openHome(home, { askPassphrase, mayCreateIndex: true });
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
