/** @file HomeApi, answered: setting up, unlocking, settings, whatever the state of the home. */
import type { CallOptions } from '#contract/api.ts';
import type { HomeApi, NetworkOffer, SecretPlace } from '#contract/home-api.ts';
import { EngineError, serializeError } from '#engine/model/engine-error.ts';
import type { Network } from '#engine/model/network.ts';
import {
  deriveVaultKeys,
  findVault,
  generateWords,
  kitText,
  readNetworkFacts,
  readWords,
  seedFromWords,
} from '#engine/vault.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { openLogger } from '#platform/log-file.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { lookIntoVault } from './found-vault.ts';
import { homePaths } from './home.ts';
import { licences } from './licences.ts';
import { isTryOut, resolveNetwork } from './network-choice.ts';
import { openSecretStore } from './open-home.ts';
import { recoveryPage } from './recovery-page.ts';
import type { ServedHome } from './served-home.ts';
import type { Settings } from './settings.ts';
import { chooseAskBack, setUpHome } from './setup.ts';
import type { Draft, WordsDrafts } from './words-drafts.ts';

/** A network that has not said by then what it is like is shown as one that does not answer. */
const OFFER_MS = 8_000;
const OFFERS: readonly NetworkOffer['name'][] = ['local', 'testnet', 'mainnet'];
const SECRET_PLACES: readonly SecretPlace['kind'][] = ['keychain', 'passphrase', 'try-out'];

const PORTS = {
  clock: systemClock,
  random: systemRandom,
  logger: openLogger(systemClock, () => undefined),
};

export interface HomeAnswersOptions {
  readonly home: ServedHome;
  readonly drafts: WordsDrafts;
  readonly settings: Settings;
  /** The folder of the local network, unless it is the one that FLOE_LOCALNET or the system names. */
  readonly localnetFolder: string | undefined;
  /** Start or join the local network; absent where this process cannot. */
  readonly startTryOut: (() => Promise<void>) | undefined;
  /** Called after the settings have changed. */
  readonly onSettings: () => Promise<void>;
}

export class HomeAnswers implements HomeApi {
  readonly #options: HomeAnswersOptions;
  /** Looking into a vault or setting one up; the next waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: HomeAnswersOptions) {
    this.#options = options;
  }

  // Declared as arrow functions: they are called by name.
  readonly home: HomeApi['home'] = async () => this.#options.home.state;

  readonly networks: HomeApi['networks'] = async (_request, options) =>
    Promise.all(OFFERS.map((name) => this.#offer(name, options)));

  readonly startTryOut: HomeApi['startTryOut'] = async (_request, options) => {
    const { startTryOut, home } = this.#options;
    if (!startTryOut) {
      throw new EngineError('localnet-not-running', 'this Floe starts no local network');
    }
    await startTryOut();
    home.setProblem(undefined);
    return this.#offer('local', options);
  };

  readonly makeWords: HomeApi['makeWords'] = async () => {
    const words = generateWords(systemRandom);
    const facts = { areNew: true, askBack: chooseAskBack(words.length) };
    const { draftId, askBack } = this.#options.drafts.begin(words, facts);
    return { draftId, words, askBack };
  };

  readonly confirmWords: HomeApi['confirmWords'] = async ({ draftId, answers }) => {
    const { words, askBack } = this.#options.drafts.get(draftId);
    const wrong = askBack.filter(
      (position, index) => answers[index]?.trim().toLowerCase() !== words[position],
    );
    const isRight = wrong.length === 0;
    if (isRight) this.#options.drafts.confirm(draftId);
    return { isRight, wrong };
  };

  readonly recoveryKit: HomeApi['recoveryKit'] = async ({ draftId, network: name }, options) => {
    const { words } = this.#options.drafts.get(draftId);
    const { network } = await this.#network(name);
    const { chainIdentifier, keys } = await findVault(words, network, PORTS, options?.signal);
    const { vaultId } = keys;
    const nowMs = systemClock.nowMs();
    const text = kitText({ words, network, chainIdentifier, vaultId, nowMs });
    return {
      fileName: `floe-recovery-kit-${vaultId.slice(0, 8)}.txt`,
      text,
      html: await recoveryPage(text, words),
    };
  };

  readonly checkKit: HomeApi['checkKit'] = async ({ draftId, text }) => {
    const words = readWords(text);
    if (draftId === undefined) return { isRight: await this.#areOwnWords(words) };
    const isRight = this.#options.drafts.get(draftId).words.join(' ') === words.join(' ');
    if (isRight) this.#options.drafts.confirm(draftId);
    return { isRight };
  };

  readonly findVault: HomeApi['findVault'] = async ({ words: text, network: name }, options) =>
    this.#inTurn(async () => {
      this.#refuseVault();
      const words = readWords(text);
      const network = await this.#network(name);
      const signal = options?.signal ?? new AbortController().signal;
      const found = await lookIntoVault(this.#options.home.path, words, network, signal);
      const { draftId } = this.#options.drafts.begin(words, { areNew: false, askBack: [] });
      return { draftId, ...found };
    });

  readonly setUp: HomeApi['setUp'] = async (request, options) =>
    this.#inTurn(() => this.#setUp(request, options));

  readonly #setUp: HomeApi['setUp'] = async (request, options) => {
    const { drafts, home } = this.#options;
    this.#refuseVault();
    const draft = drafts.get(request.draftId);
    const network = await this.#network(request.network);
    const ask = passphraseOf(request.secretPlace);
    await setUpHome({
      home: home.path,
      network,
      words: draft.words,
      areNew: draft.areNew,
      mayStartEmpty: request.mayStartEmpty,
      secretPlace: request.secretPlace.kind,
      askPassphrase: ask,
      confirm: async () => refuseUnconfirmed(drafts.get(draft.draftId), network.network),
      lock: undefined,
      signal: options?.signal ?? new AbortController().signal,
    });
    drafts.forget();
    await home.open(ask);
    return home.state;
  };

  readonly unlock: HomeApi['unlock'] = async ({ passphrase }) => {
    const { home } = this.#options;
    await home.open(
      passphrase === undefined ? undefined : passphraseOf({ kind: 'passphrase', passphrase }),
    );
    return home.state;
  };

  readonly secretPlaces: HomeApi['secretPlaces'] = async () => {
    const files = openFileSystem();
    const paths = homePaths(this.#options.home.path);
    return Promise.all(
      SECRET_PLACES.map(async (kind) => {
        try {
          await openSecretStore(files, paths, kind, undefined);
          return { kind, problem: undefined };
        } catch (error) {
          return { kind, problem: serializeError(error).message };
        }
      }),
    );
  };

  readonly settings: HomeApi['settings'] = async () => this.#options.settings.read();

  readonly updateSettings: HomeApi['updateSettings'] = async (change) => {
    const { home, settings, onSettings } = this.#options;
    const next = await settings.update(change);
    await onSettings();
    home.tell({ kind: 'home-changed' });
    return next;
  };

  readonly licences: HomeApi['licences'] = async () => licences;

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #network(name: string): ReturnType<typeof resolveNetwork> {
    return resolveNetwork(name, this.#options.localnetFolder);
  }

  async #offer(name: NetworkOffer['name'], options?: CallOptions): Promise<NetworkOffer> {
    const late = AbortSignal.timeout(OFFER_MS);
    const signal = options?.signal ? AbortSignal.any([options.signal, late]) : late;
    try {
      const { network } = await this.#network(name);
      return { name, facts: await readNetworkFacts(network, PORTS, signal), problem: undefined };
    } catch (error) {
      options?.signal?.throwIfAborted();
      const problem = late.aborted
        ? new EngineError('rpc-unreachable', `${name} does not answer`)
        : error;
      return { name, facts: undefined, problem: serializeError(problem) };
    }
  }

  #refuseVault(): void {
    const { state, path } = this.#options.home.state;
    if (state === 'empty') return;
    throw new EngineError('usage', `there is a vault in ${path} already`);
  }

  /** Whether words are the vault's, without asking for those that are kept. */
  async #areOwnWords(words: readonly string[]): Promise<boolean> {
    const { facts, path } = this.#options.home;
    if (!facts) throw new EngineError('home-not-initialised', `there is no vault in ${path}`);
    const { vaultId } = deriveVaultKeys(await seedFromWords(words), facts.chainIdentifier);
    return vaultId === facts.vaultId;
  }
}

/** As `floe init`: on the try-out network nothing is lost with the words. */
function refuseUnconfirmed({ isConfirmed }: Draft, network: Network): void {
  if (isConfirmed || isTryOut(network)) return;
  throw new EngineError(
    'kit-unconfirmed',
    'the words have not been typed back yet, nor the kit read',
  );
}

/** The passphrase as bytes, made when it is asked for. */
function passphraseOf(place: SecretPlace): (() => Promise<Uint8Array>) | undefined {
  if (place.kind !== 'passphrase') return undefined;
  return async () => Buffer.from(place.passphrase);
}
