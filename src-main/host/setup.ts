/**
 * @file A new vault in an empty home, or an existing one from its words: the one way, for `floe init`
 * and for the window.
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
import type { VaultId } from '#engine/model/ids.ts';
import type { Network } from '#engine/model/network.ts';
import { absolutePath, absolutePathText, type FileLock } from '#engine/ports/file-system.ts';
import type { SecretStore } from '#engine/ports/ports.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { openLogger } from '#platform/log-file.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { resolve } from 'node:path';
import { connectEngine, lockHome } from './connect.ts';
import {
  homeFailure,
  homePaths,
  INDEX_FILES,
  readVaultFile,
  SECRETS_FOLDER,
  setAside,
  writeVaultFile,
  type SecretPlace,
  type VaultFile,
} from './home.ts';
import { isTryOut, type NetworkChoice } from './network-choice.ts';
import {
  deviceName,
  openSecretStore,
  passphraseFrom,
  WORDS_SECRET,
  type AskPassphrase,
} from './open-home.ts';

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
 * `floe init`: set up a home that nobody serves, and look at what its vault holds.
 *
 * @throws EngineError `usage` for a home that has a vault, `words-invalid`, `words-open-nothing`,
 *   `kit-unconfirmed`, `secret-store-unavailable`, `home-unwritable`, `rpc-unreachable`,
 *   `home-in-use` while a window or a daemon serves the home
 */
export async function setUpVault(options: SetupOptions): Promise<SetupReport> {
  const { home, network, kitFile, passphraseFile } = options;
  const areNew = options.words === undefined;
  try {
    const words = areNew ? generateWords(systemRandom) : readWords(options.words);
    const vault = await setUpHome({
      home,
      network,
      words,
      areNew,
      mayStartEmpty: options.mayStartEmpty,
      secretPlace: secretPlaceOf(options),
      askPassphrase: passphraseFrom(passphraseFile),
      confirm: async (facts) => {
        if (kitFile !== undefined) await saveKit(kitFile, kitText(facts), words);
        // Words that came from the person were kept by the person.
        else if (areNew && !isTryOut(network.network)) await confirmByTyping(words, options);
      },
      lock: lockHome,
      signal: options.signal,
    });
    return {
      home,
      vaultId: vault.vaultId,
      networkName: network.network.name,
      isTryOut: isTryOut(network.network),
      chainIdentifier: vault.chainIdentifier,
      address: vault.address,
      accountIndex: vault.accountIndex,
      device: deviceName(),
      words: areNew ? words : undefined,
      kitFile,
      folders: vault.isNew ? [] : await foldersOf(options),
    };
  } catch (error) {
    throw homeFailure(error, home);
  }
}

function secretPlaceOf({ passphraseFile, network }: SetupOptions): SecretPlace {
  if (passphraseFile !== undefined) return 'passphrase';
  return isTryOut(network.network) ? 'try-out' : 'keychain';
}

/** What a recovery kit is made of. */
export interface KitFacts {
  readonly words: readonly string[];
  readonly network: Network;
  readonly chainIdentifier: string;
  readonly vaultId: VaultId;
  readonly nowMs: number;
}

export interface HomeSetup {
  readonly home: string;
  readonly network: NetworkChoice;
  readonly words: readonly string[];
  /** Made just now, so that they cannot open anything yet. */
  readonly areNew: boolean;
  readonly mayStartEmpty: boolean;
  readonly secretPlace: SecretPlace;
  readonly askPassphrase: AskPassphrase | undefined;
  /** Called before the vault counts as set up; throws unless the person has the words. */
  readonly confirm: (facts: KitFacts) => Promise<void>;
  /** Take the home's lock while its files are made; absent when the caller holds it. */
  readonly lock: ((home: string) => FileLock) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Set up a home.
 *
 * @throws EngineError `usage` for a home that has a vault, or a secret place that the network does
 *   not allow; `words-open-nothing`, `secret-store-unavailable`, `rpc-unreachable`
 */
export async function setUpHome(
  options: HomeSetup,
): Promise<VaultFile & { readonly address: string; readonly isNew: boolean }> {
  const files = openFileSystem();
  const paths = homePaths(resolve(options.home));
  const refuseVault = async (): Promise<void> => {
    if (!(await readVaultFile(files, paths))) return;
    throw new EngineError('usage', `there is a vault in ${options.home} already`);
  };
  await refuseVault();
  const { network } = options.network;
  if (options.secretPlace === 'try-out' && !isTryOut(network)) {
    throw new EngineError('usage', 'words lie in the open on the try-out network only');
  }
  const found = await findVault(
    options.words,
    network,
    { clock: systemClock, random: systemRandom, logger: openLogger(systemClock, () => undefined) },
    options.signal,
  );
  const isNew = found.deviceCount === 0;
  if (!options.areNew && isNew && !options.mayStartEmpty) {
    throw new EngineError(
      'words-open-nothing',
      `these words open nothing on ${network.name}: no vault at ${found.firstAddress}`,
      { context: { network: network.name, address: found.firstAddress } },
    );
  }
  // Throws `secret-store-unavailable` where there is none: never a silent fallback.
  const store = await openSecretStore(files, paths, options.secretPlace, options.askPassphrase);
  files.ensureDirectory(paths.root);
  const lock = options.lock?.(absolutePathText(paths.root));
  try {
    await refuseVault();
    // Sealed words without a vault file may be the only copy there is of a vault.
    setAside(files, paths, [SECRETS_FOLDER], systemClock.nowMs());
    if (options.secretPlace === 'keychain') await keepEarlierWords(store, options.words);
    await store.set(WORDS_SECRET, Buffer.from(options.words.join(' ')));
    const { chainIdentifier, keys } = found;
    const nowMs = systemClock.nowMs();
    const { words } = options;
    await options.confirm({ words, network, chainIdentifier, vaultId: keys.vaultId, nowMs });
    // An index without a vault file is left from a setup that did not end, or from another vault.
    setAside(files, paths, INDEX_FILES, systemClock.nowMs());
    // SQLite makes its files itself: they may hold names, and are for their owner alone.
    process.umask(0o077);
    createLocalIndex(absolutePathText(paths.index));
    const vault: VaultFile = {
      network,
      networkJson: options.network.json,
      chainIdentifier,
      vaultId: keys.vaultId,
      deviceId: createDeviceId(systemRandom),
      accountIndex: found.nextAccountIndex,
      secretPlace: options.secretPlace,
      isKitConfirmed: true,
      createdAtMs: systemClock.nowMs(),
    };
    await writeVaultFile(files, paths, vault);
    return { ...vault, address: found.nextAddress, isNew };
  } finally {
    lock?.release();
  }
}

/** The same for a keychain, which forgets a secret when another takes its name. */
async function keepEarlierWords(store: SecretStore, words: readonly string[]): Promise<void> {
  const earlier = await store.get(WORDS_SECRET);
  if (!earlier || Buffer.from(earlier).toString('utf8') === words.join(' ')) return;
  await store.set(`${WORDS_SECRET}-until-${String(systemClock.nowMs())}`, earlier);
}

/** Write the kit and read it again: only then it counts. */
async function saveKit(kitFile: string, text: string, words: readonly string[]): Promise<void> {
  const files = openFileSystem();
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
): Promise<void> {
  if (!confirmWords) {
    throw new EngineError(
      'kit-unconfirmed',
      'a vault on this network needs its words confirmed: by typing them, or by saving the kit',
    );
  }
  if (await confirmWords(words, chooseAskBack(words.length))) return;
  throw new EngineError('kit-unconfirmed', 'a word was not typed as it was shown');
}

/** Positions, from 0, of the words that must be typed back. */
export function chooseAskBack(wordCount: number): number[] {
  const positions = new Set<number>();
  while (positions.size < WORDS_ASKED_BACK) {
    positions.add((systemRandom.bytes(1)[0] ?? 0) % wordCount);
  }
  return [...positions];
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
