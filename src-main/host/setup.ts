/**
 * @file `floe init`: a new vault in an empty home, or an existing one from its words.
 *
 * Order matters: the words are kept safe and confirmed before the vault file exists, and the vault
 * file is what makes a home a home. A crash before it leaves a home that can be set up again.
 */
import {
  createDeviceId,
  createLocalIndex,
  findVault,
  generateWords,
  kitText,
  readWords,
} from '#engine/vault.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { absolutePath, absolutePathText, type FileSystem } from '#engine/ports/file-system.ts';
import type { SecretStore } from '#engine/ports/ports.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { openLogger } from '#platform/log-file.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { resolve } from 'node:path';
import { connectEngine } from './connect.ts';
import {
  homeFailure,
  homePaths,
  INDEX_FILES,
  readVaultFile,
  SECRETS_FOLDER,
  setAside,
  writeVaultFile,
  type HomePaths,
  type SecretPlace,
} from './home.ts';
import { isTryOut, type NetworkChoice } from './network-choice.ts';
import { deviceName, openSecretStore, WORDS_SECRET } from './open-home.ts';

const KIT_BYTES_MAX = 65_536;
const WORDS_ASKED_BACK = 3;

export interface SetupOptions {
  readonly home: string;
  readonly network: NetworkChoice;
  /** Text that holds the 24 words, or a recovery kit; undefined makes new words. */
  readonly words: string | undefined;
  /** Whether words that open nothing on this network make a new vault. */
  readonly mayStartEmpty: boolean;
  /** Where to save the recovery kit. */
  readonly kitFile: string | undefined;
  readonly passphraseFile: string | undefined;
  /** Show the words and ask for those at the given positions; absent where nobody can be asked. */
  readonly confirmWords:
    ((words: readonly string[], positions: readonly number[]) => Promise<boolean>) | undefined;
  readonly signal: AbortSignal;
}

export interface SetupReport {
  readonly home: string;
  readonly vaultId: string;
  readonly networkName: string;
  readonly isTryOut: boolean;
  readonly chainIdentifier: string;
  readonly address: string;
  readonly accountIndex: number;
  readonly device: string;
  /** Of a vault that was made now. */
  readonly words: readonly string[] | undefined;
  readonly kitFile: string | undefined;
  /** What an existing vault holds. */
  readonly folders: readonly {
    readonly folderId: string;
    readonly name: string;
    readonly fileCount: number;
    readonly sizeBytes: number;
  }[];
}

/**
 * Set up a home.
 *
 * @throws EngineError `usage` for a home that has a vault, `words-invalid`, `words-open-nothing`,
 *   `kit-unconfirmed`, `secret-store-unavailable`, `home-unwritable`, `rpc-unreachable`
 */
export async function setUpVault(options: SetupOptions): Promise<SetupReport> {
  try {
    return await setUp(options);
  } catch (error) {
    throw homeFailure(error, options.home);
  }
}

async function setUp(options: SetupOptions): Promise<SetupReport> {
  const files = openFileSystem();
  const paths = homePaths(resolve(options.home));
  if (await readVaultFile(files, paths)) {
    throw new EngineError('usage', `there is a vault in ${options.home} already`);
  }
  const { network } = options.network;
  const words =
    options.words === undefined ? generateWords(systemRandom) : readWords(options.words);
  const found = await findVault(
    words,
    network,
    { clock: systemClock, random: systemRandom, logger: openLogger(systemClock, () => undefined) },
    options.signal,
  );
  if (options.words !== undefined && found.deviceCount === 0 && !options.mayStartEmpty) {
    throw new EngineError(
      'words-open-nothing',
      `these words open nothing on ${network.name}: no vault at ${found.firstAddress}`,
      { context: { network: network.name, address: found.firstAddress } },
    );
  }
  const isNew = found.deviceCount === 0;
  const place = await chooseSecretPlace(files, paths, options);
  files.ensureDirectory(paths.root);
  // Sealed words without a vault file may be the only copy there is of a vault.
  setAside(files, paths, [SECRETS_FOLDER], systemClock.nowMs());
  const store = await openSecretStore(files, paths, place, options.passphraseFile);
  if (place === 'keychain') await keepEarlierWords(store, words);
  await store.set(WORDS_SECRET, Buffer.from(words.join(' ')));
  const { chainIdentifier, keys } = found;
  if (options.kitFile !== undefined) {
    const text = kitText({
      words,
      network,
      chainIdentifier,
      vaultId: keys.vaultId,
      nowMs: systemClock.nowMs(),
    });
    await saveKit(files, options.kitFile, text, words);
  }
  // Words that came from the person were kept by the person.
  const isKitConfirmed =
    options.kitFile !== undefined ||
    options.words !== undefined ||
    isTryOut(network) ||
    (await confirmByTyping(words, options));
  // An index without a vault file is left from a setup that did not end, or from another vault.
  setAside(files, paths, INDEX_FILES, systemClock.nowMs());
  // SQLite makes its files itself: they may hold names, and are for their owner alone.
  process.umask(0o077);
  createLocalIndex(absolutePathText(paths.index));
  await writeVaultFile(files, paths, {
    network,
    networkJson: options.network.json,
    chainIdentifier,
    vaultId: keys.vaultId,
    deviceId: createDeviceId(systemRandom),
    accountIndex: found.nextAccountIndex,
    secretPlace: place,
    isKitConfirmed,
    createdAtMs: systemClock.nowMs(),
  });
  return {
    home: options.home,
    vaultId: keys.vaultId,
    networkName: network.name,
    isTryOut: isTryOut(network),
    chainIdentifier,
    address: found.nextAddress,
    accountIndex: found.nextAccountIndex,
    device: deviceName(),
    words: options.words === undefined ? words : undefined,
    kitFile: options.kitFile,
    folders: isNew ? [] : await foldersOf(options),
  };
}

/** The same for a keychain, which forgets a secret when another takes its name. */
async function keepEarlierWords(store: SecretStore, words: readonly string[]): Promise<void> {
  const earlier = await store.get(WORDS_SECRET);
  if (!earlier || Buffer.from(earlier).toString('utf8') === words.join(' ')) return;
  await store.set(`${WORDS_SECRET}-until-${String(systemClock.nowMs())}`, earlier);
}

async function chooseSecretPlace(
  files: FileSystem,
  paths: HomePaths,
  options: SetupOptions,
): Promise<SecretPlace> {
  if (options.passphraseFile !== undefined) return 'passphrase';
  if (isTryOut(options.network.network)) return 'try-out';
  // Throws `secret-store-unavailable` where there is none: never a silent fallback.
  await openSecretStore(files, paths, 'keychain', undefined);
  return 'keychain';
}

/** Write the kit and read it again: only then it counts. */
async function saveKit(
  files: FileSystem,
  kitFile: string,
  text: string,
  words: readonly string[],
): Promise<void> {
  const path = absolutePath(resolve(kitFile));
  if (files.stat(path) !== undefined) {
    throw new EngineError('usage', `there is a file at ${kitFile} already`);
  }
  await files.writeFileDurable(path, Buffer.from(text));
  const again = await files.readFile(path, KIT_BYTES_MAX);
  const readBack = again && readWords(Buffer.from(again).toString('utf8'));
  if (readBack?.join(' ') !== words.join(' ')) {
    throw new EngineError(
      'kit-unconfirmed',
      'the recovery kit does not read back as it was written',
    );
  }
}

async function confirmByTyping(
  words: readonly string[],
  { confirmWords }: SetupOptions,
): Promise<boolean> {
  if (!confirmWords) {
    throw new EngineError(
      'kit-unconfirmed',
      'a vault on this network needs its words confirmed: by typing them, or by saving the kit',
    );
  }
  const positions = new Set<number>();
  while (positions.size < WORDS_ASKED_BACK) {
    positions.add((systemRandom.bytes(1)[0] ?? 0) % words.length);
  }
  if (await confirmWords(words, [...positions])) return true;
  throw new EngineError('kit-unconfirmed', 'a word was not typed as it was shown');
}

async function foldersOf(options: SetupOptions): Promise<SetupReport['folders']> {
  const engine = await connectEngine(options);
  try {
    const { folders } = await engine.api.status({}, { signal: options.signal });
    return folders.map(({ folderId, name, fileCount, sizeBytes }) => ({
      folderId,
      name,
      fileCount,
      sizeBytes,
    }));
  } finally {
    await engine.close();
  }
}
