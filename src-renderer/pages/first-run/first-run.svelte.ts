/**
 * @file The first run as it is answered: where one is, what was answered, and the calls that follow.
 *
 * flow.ts decides the order. Words lie here only while they are on screen or being typed, and are
 * dropped as soon as the vault is set up.
 */
import type { FoundVault, NetworkOffer, SecretPlace, WordsDraft } from '#contract/home-api.ts';
import type { FolderStatus } from '#contract/api.ts';
import type { Quote } from '#contract/storage-api.ts';
import type { SerializedError } from '#contract/errors.ts';
import { isAbort, problemOf } from '../../lib/connection/call-error.ts';
import type { App } from '../../lib/state/app.svelte.ts';
import type { Route } from '../../lib/state/routes.ts';
import { progressOf, resumeStep, setsUpVault, stepAfter, stepBefore } from './flow.ts';
import type { FlowPlace, Journey, Step } from './flow.ts';
import { WORD_COUNT } from './word-entry.ts';

export type NetworkName = NetworkOffer['name'];

/** Says that somebody left between setting up and the first protected folder. */
const UNDER_WAY_KEY = 'floe-first-run';

const noWords = (): string[] => Array.from({ length: WORD_COUNT }, () => '');

/** What protecting the first folder will take, as it was shown before. */
export interface FirstFolder {
  readonly folderId: string;
  readonly name: string;
  readonly quote: Quote | undefined;
}

export class FirstRun {
  readonly #app: App;
  journey = $state<Journey>('new');
  step = $state<Step>('welcome');
  networkName = $state<NetworkName>('mainnet');
  /** Of a move: a network's name, or the text of its file. */
  readonly #moveTo: string | undefined;
  offers = $state.raw<readonly NetworkOffer[]>();
  draft = $state.raw<WordsDraft>();
  /** New words had to be made because the earlier ones were forgotten. */
  isDraftRenewed = $state(false);
  hasSavedKit = $state(false);
  typed = $state(noWords());
  found = $state.raw<FoundVault>();
  mayStartEmpty = $state(false);
  folder = $state.raw<FirstFolder>();
  /** What somebody with words wanted: restore at once, or only connect. */
  afterwards = $state<'restore' | 'folders'>('folders');
  isSetUp = $state(false);
  isBusy = $state(false);
  isMakingKit = $state(false);
  #isUnderWay = $state(false);
  problem = $state.raw<SerializedError>();

  readonly place = $derived<FlowPlace>({
    journey: this.journey,
    step: this.step,
    isTryOut: this.networkName === 'local',
  });
  readonly progress = $derived(progressOf(this.place));
  readonly canGoBack = $derived(stepBefore(this.place) !== undefined);

  constructor(app: App, moveTo?: string) {
    this.#app = app;
    this.#moveTo = moveTo;
    if (moveTo === undefined) return;
    this.journey = 'move';
    this.step = 'network';
  }

  /** As the home is asked for it. */
  get #network(): string {
    return this.#moveTo ?? this.networkName;
  }

  /** Whether the first run is what the window shows. */
  get isOn(): boolean {
    return this.#isUnderWay || this.#app.home.value?.state === 'empty';
  }

  /** Where somebody with words goes when the vault is open. */
  get destination(): Route {
    return this.afterwards === 'restore'
      ? { view: 'restore', folderId: undefined, snapshotId: undefined, paths: [] }
      : { view: 'folders' };
  }

  end(to: Route): void {
    window.localStorage.removeItem(UNDER_WAY_KEY);
    this.#isUnderWay = false;
    this.#app.router.go(to);
  }

  /** Go on with a first run that was left in the middle, when home and folders are known. */
  resumeIfLeft(): void {
    const home = this.#app.home.value;
    const status = this.#app.status.value;
    if (
      this.#isUnderWay ||
      !home ||
      !status ||
      window.localStorage.getItem(UNDER_WAY_KEY) === null
    ) {
      return;
    }
    const step = resumeStep({ home: home.state, folders: status.folders });
    if (step !== 'folder' && step !== 'fund') {
      if (home.state === 'open') window.localStorage.removeItem(UNDER_WAY_KEY);
      return;
    }
    this.journey = 'new';
    this.networkName = home.isTryOut ? 'local' : 'mainnet';
    this.folder = waitingFolder(status.folders);
    this.isSetUp = true;
    this.#isUnderWay = true;
    this.#go(step);
  }

  begin(journey: Journey): void {
    this.journey = journey;
    this.#go(stepAfter(this.place));
  }

  back(): void {
    const before = stepBefore(this.place);
    if (before && !this.isBusy) this.#go(before);
  }

  /** The next question, after setting the vault up where all is known. */
  async next(secretPlace?: SecretPlace): Promise<void> {
    await this.#work(async () => {
      if (setsUpVault(this.place)) await this.#setUp(secretPlace ?? { kind: 'try-out' });
      this.#go(stepAfter(this.place));
    });
  }

  async askNetworks(): Promise<void> {
    this.offers = undefined;
    try {
      this.offers = await this.#app.api.networks({});
    } catch (error) {
      // What can be chosen does not depend on whether it answers now.
      this.offers = [];
      this.problem = problemOf(error);
    }
  }

  async chooseNetwork(name: NetworkName): Promise<void> {
    await this.#work(async () => {
      // A found vault is one of its network.
      if (this.networkName !== name) this.found = undefined;
      this.networkName = name;
      if (name === 'local') await this.#app.api.startTryOut({});
      if (this.journey === 'new') this.draft ??= await this.#app.api.makeWords({});
      this.#go(stepAfter(this.place));
    });
  }

  /** Begin a move: words for the vault that will hold the folder. */
  async beginWords(): Promise<void> {
    await this.#work(async () => {
      this.draft ??= await this.#app.api.makeWords({});
      this.#go('words');
    });
  }

  /** Keeps nobody from going on: it looks at the network first, which may take a while. */
  async kit(): Promise<{ fileName: string; text: string; html: string } | undefined> {
    if (this.isMakingKit) return undefined;
    this.isMakingKit = true;
    this.problem = undefined;
    try {
      return await this.#askOfDraft((draftId) =>
        this.#app.api.recoveryKit({ draftId, network: this.#network }),
      );
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
      return undefined;
    } finally {
      this.isMakingKit = false;
    }
  }

  /** Gives the positions that were typed wrong; none when all is right. */
  async confirm(answers: readonly string[]): Promise<readonly number[]> {
    const answer = await this.#withDraft((draftId) =>
      this.#app.api.confirmWords({ draftId, answers }),
    );
    return answer?.wrong ?? this.draft?.askBack ?? [];
  }

  async checkKit(text: string): Promise<boolean | undefined> {
    const answer = await this.#withDraft((draftId) => this.#app.api.checkKit({ draftId, text }));
    return answer?.isRight;
  }

  /** Look what the words (or the text of a kit) open. Undefined when they open nothing. */
  async look(words: string): Promise<void> {
    await this.#work(async () => {
      const found = await this.#app.api.findVault({ words, network: this.networkName });
      this.found = found;
      this.mayStartEmpty = false;
      if (found.deviceCount > 0) this.#go(stepAfter(this.place));
    });
  }

  /** Words that open nothing begin a vault of their own. */
  startEmpty(): void {
    this.mayStartEmpty = true;
    this.#go('found');
  }

  async addFolder(request: {
    readonly path: string;
    readonly name: string;
    readonly permanent: boolean;
    readonly untilMs: number | undefined;
    readonly quote: Quote | undefined;
  }): Promise<void> {
    const { api } = this.#app;
    await this.#work(async () => {
      const { path, name, permanent, untilMs, quote } = request;
      const { folderId } = await api.addFolder({ path, name, excludes: [], permanent });
      if (untilMs !== undefined) {
        const { folders } = await api.storage({});
        const horizon = folders.find((folder) => folder.folderId === folderId)?.horizon;
        if (horizon) {
          await api.setHorizon({
            folder: folderId,
            horizon: { ...horizon, kind: 'until', untilMs },
          });
        }
      }
      this.folder = { folderId, name, quote };
      this.#go('fund');
    });
  }

  /** Take the first folder away again; nothing was spent for it. */
  async takeBackFolder(): Promise<void> {
    const { folder } = this;
    await this.#work(async () => {
      if (folder) await this.#app.api.removeFolder({ folder: folder.folderId });
      this.folder = undefined;
      this.#go('folder');
    });
  }

  async protect(): Promise<void> {
    const { folder } = this;
    if (!folder) return;
    await this.#work(async () => {
      await this.#app.api.startSync({ folder: folder.folderId });
      this.#go('protect');
    });
  }

  #go(step: Step | undefined): void {
    if (!step) return;
    this.problem = undefined;
    this.step = step;
  }

  async #setUp(secretPlace: SecretPlace): Promise<void> {
    const draftId = this.found?.draftId ?? this.draft?.draftId;
    if (draftId === undefined) return;
    // The home is not empty from here on, and the first run goes on all the same.
    this.#isUnderWay = true;
    const home = await this.#app.api.setUp({
      draftId,
      network: this.#network,
      secretPlace,
      mayStartEmpty: this.journey !== 'existing' || this.mayStartEmpty,
    });
    this.#app.home.set(home);
    this.draft = undefined;
    this.typed = noWords();
    this.isSetUp = true;
    if (this.journey === 'new') window.localStorage.setItem(UNDER_WAY_KEY, 'yes');
    this.#app.status.refresh();
  }

  /** A call about the draft. Drafts are forgotten after a while; then there are new words to write down. */
  async #withDraft<Answer>(
    call: (draftId: string) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    return this.#work(() => this.#askOfDraft(call));
  }

  async #askOfDraft<Answer>(
    call: (draftId: string) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const { draft } = this;
    if (!draft) return undefined;
    try {
      return await call(draft.draftId);
    } catch (error) {
      if (problemOf(error).code !== 'draft-expired') throw error;
      this.draft = await this.#app.api.makeWords({});
      this.isDraftRenewed = true;
      this.hasSavedKit = false;
      this.#go('words');
      return undefined;
    }
  }

  async #work<Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> {
    if (this.isBusy) return undefined;
    this.isBusy = true;
    this.problem = undefined;
    try {
      return await work();
    } catch (error) {
      if (!isAbort(error)) this.problem = problemOf(error);
      return undefined;
    } finally {
      this.isBusy = false;
    }
  }
}

/** The folder that waits for its first payment, if there is one. */
export function waitingFolder(folders: readonly FolderStatus[]): FirstFolder | undefined {
  const waiting = folders.find(
    ({ isHere, removed, snapshotCount }) => isHere && !removed && snapshotCount === 0,
  );
  return waiting && { folderId: waiting.folderId, name: waiting.name, quote: undefined };
}
