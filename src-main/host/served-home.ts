/**
 * @file The life of a home that is served: empty, locked, opening, open or failed, and the engine
 * while there is one. Whoever serves it holds the home's lock.
 *
 *     empty ──setUp──> opening ──> open
 *     locked ──unlock──^  └──> locked, failed ──unlock──> opening
 *
 * A locked keychain is looked at again by itself; everything else waits for the person. The home's
 * listeners stay when engines come and go.
 */
import type { Engine } from '#engine/engine.ts';
import type { HomeState } from '#contract/home-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { VERSION } from '#contract/version.ts';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import { problemOf } from '#engine/problems.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { isKeychainLocked } from '#platform/keychain.ts';
import { homeFailure } from './home.ts';
import {
  openHome,
  openHomeForRebuild,
  passphraseFrom,
  readHome,
  type AskPassphrase,
  type HomeFacts,
} from './open-home.ts';

/** How often a locked keychain is looked at, without asking the person. */
const KEYCHAIN_LOOK_MS = 10_000;

type Life =
  | { readonly state: 'empty' }
  | { readonly state: 'opening'; readonly facts: HomeFacts | undefined }
  | { readonly state: 'open'; readonly facts: HomeFacts; readonly engine: Engine }
  | { readonly state: 'locked'; readonly facts: HomeFacts; readonly problem: EngineError }
  | {
      readonly state: 'failed';
      readonly facts: HomeFacts | undefined;
      readonly problem: Error;
    };

export interface ServedHomeOptions {
  readonly home: string;
  readonly passphraseFile: string | undefined;
  /** Whether an engine watches its folders. */
  readonly watch: boolean;
  /** Called before the engine of a try-out vault is opened: its network may have to be started. */
  readonly startTryOut: ((facts: HomeFacts) => Promise<void>) | undefined;
  /** Called with each engine that has opened, before anybody else may ask it. */
  readonly onOpen: (engine: Engine) => Promise<void>;
  readonly clock: Clock;
}

export class ServedHome {
  readonly #options: ServedHomeOptions;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #closing = new AbortController();
  #life: Life = { state: 'opening', facts: undefined };
  /** The opening that runs, or the last one: the next waits for it. */
  #opening: Promise<void> = Promise.resolve();
  /** What went wrong around an engine that is open. */
  #problem: Error | undefined;

  constructor(options: ServedHomeOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.home;
  }

  get state(): HomeState {
    const life = this.#life;
    const facts = life.state === 'empty' ? undefined : life.facts;
    const isPassphrase = facts?.secretPlace === 'passphrase';
    const problem = 'problem' in life ? life.problem : this.#problem;
    return {
      state: this.hasOtherNetwork ? 'failed' : life.state,
      path: this.#options.home,
      version: VERSION,
      networkName: facts?.network.name,
      isTryOut: facts?.isTryOut === true,
      isKitConfirmed: facts?.isKitConfirmed === true,
      unlockWith: life.state === 'locked' ? (isPassphrase ? 'passphrase' : 'keychain') : undefined,
      problem: problem === undefined ? undefined : problemOf(problem),
    };
  }

  /** The vault's facts, as far as they are known. */
  get facts(): HomeFacts | undefined {
    return this.#life.state === 'empty' ? undefined : this.#life.facts;
  }

  /** The engine, if it is open now. */
  get openEngine(): Engine | undefined {
    return this.#life.state === 'open' ? this.#life.engine : undefined;
  }

  /** What stands in the way of the engine: why the home is locked or has failed. */
  get problem(): Error | undefined {
    return 'problem' in this.#life ? this.#life.problem : undefined;
  }

  /** The engine is open, and has found another chain than its vault's. */
  get hasOtherNetwork(): boolean {
    return this.#life.state === 'open' && hasCode(this.#problem, 'home-other-network');
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Open the home's vault, if there is one and it is not open. What goes wrong is in `state`. */
  async open(askPassphrase?: AskPassphrase): Promise<void> {
    return this.#inTurn(() =>
      this.#open((home) =>
        openHome(home, {
          askPassphrase: askPassphrase ?? passphraseFrom(this.#options.passphraseFile),
        }),
      ),
    );
  }

  /** The same, with a damaged index set aside; for `doctor`, which fills the new one. */
  async openForRebuild(): Promise<void> {
    return this.#inTurn(() =>
      this.#open(async (home) => {
        const ask = passphraseFrom(this.#options.passphraseFile);
        return (await openHomeForRebuild(home, ask)).engine;
      }),
    );
  }

  /**
   * The engine, once an opening that runs has ended.
   *
   * @throws EngineError `home-not-initialised`, `home-locked`, or why the home has failed
   */
  async engine(): Promise<Engine> {
    // While one was waited for, the next may have begun.
    for (let seen: unknown; seen !== this.#opening;) {
      seen = this.#opening;
      await this.#opening;
    }
    const life = this.#life;
    switch (life.state) {
      case 'open':
        return life.engine;
      case 'failed':
        throw life.problem;
      case 'locked':
        throw new EngineError('home-locked', life.problem.message, { cause: life.problem });
      default:
        throw new EngineError('home-not-initialised', `there is no vault in ${this.#options.home}`);
    }
  }

  /** Something around the open engine went wrong, or (undefined) is well again. */
  setProblem(problem: Error | undefined): void {
    const isSame =
      problem === undefined
        ? this.#problem === undefined
        : problem instanceof EngineError && hasCode(this.#problem, problem.code);
    if (isSame) return;
    this.#problem = problem;
    this.tell({ kind: 'home-changed' });
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the home was closed', 'AbortError'));
    await this.#opening;
    if (this.#life.state === 'open') await this.#life.engine.close();
  }

  /** One opening after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#opening = this.#opening.then(() => (this.#closing.signal.aborted ? undefined : work()));
    return this.#opening;
  }

  async #open(open: (home: string) => Promise<Engine>): Promise<void> {
    if (this.#life.state === 'open') return;
    const { home } = this.#options;
    let facts: HomeFacts | undefined;
    try {
      facts = await readHome(home);
      if (!facts) {
        this.#become({ state: 'empty' });
        return;
      }
      this.#become({ state: 'opening', facts });
      await this.#startTryOut(facts);
      await this.#adopt(facts, await open(home));
    } catch (error) {
      this.#fail(facts, failureOf(error, home));
    }
  }

  async #adopt(facts: HomeFacts, engine: Engine): Promise<void> {
    engine.subscribe((event) => this.tell(event));
    await this.#options.onOpen(engine);
    this.#become({ state: 'open', facts, engine });
    if (this.#options.watch) this.#watch(facts, engine);
  }

  /** What keeps the network from starting keeps nobody from looking at the vault. */
  async #startTryOut(facts: HomeFacts): Promise<void> {
    if (!facts.isTryOut || !this.#options.startTryOut) return;
    try {
      await this.#options.startTryOut(facts);
      this.setProblem(undefined);
    } catch (error) {
      this.setProblem(failureOf(error, this.#options.home));
    }
  }

  #watch(facts: HomeFacts, engine: Engine): void {
    engine.watch().catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      void this.#inTurn(async () => {
        await engine.close();
        this.#fail(facts, failureOf(error, this.#options.home));
      });
    });
  }

  #fail(facts: HomeFacts | undefined, error: Error): void {
    if (facts === undefined || facts.secretPlace === 'try-out' || !isLock(error)) {
      this.#become({ state: 'failed', facts, problem: error });
      return;
    }
    this.#become({ state: 'locked', facts, problem: error });
    if (facts.secretPlace === 'keychain') {
      // Ends when the home is closed, which is what the rejection says.
      this.#untilUnlocked(facts).catch(() => undefined);
    }
  }

  /** A keychain that is unlocked elsewhere opens the home by itself. */
  async #untilUnlocked(facts: HomeFacts): Promise<void> {
    const { clock, home } = this.#options;
    const isWaiting = (): boolean => this.#life.state === 'locked' && this.#life.facts === facts;
    const look = async (): Promise<void> => {
      // Asked first: reading from one that is locked would make the system ask the person.
      if (!isWaiting() || (await isKeychainLocked()) !== false) return;
      try {
        await this.#adopt(facts, await openHome(home, { askPassphrase: undefined }));
      } catch (error) {
        if (!isLock(error)) this.#fail(facts, failureOf(error, home));
      }
    };
    while (isWaiting()) {
      await clock.sleep(KEYCHAIN_LOOK_MS, this.#closing.signal);
      await this.#inTurn(look);
    }
  }

  #become(life: Life): void {
    this.#life = life;
    this.tell({ kind: 'home-changed' });
  }
}

/** The error as a person reads it. */
function failureOf(error: unknown, home: string): Error {
  const failure = homeFailure(error, home);
  return failure instanceof Error ? failure : new EngineError('internal', String(failure));
}

const isLock = (error: unknown): error is EngineError =>
  hasCode(error, 'secret-store-unavailable') || hasCode(error, 'passphrase-wrong');
