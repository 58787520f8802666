/** @file The engine of `floe start`: joined or started, shown as it works, and kept alive. */
import type { EngineEvent } from '#contract/events.ts';
import type { BrowserAdmission } from '#contract/home-api.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { connectRemote } from '#host/connect.ts';
import type { RemoteEngine } from '#host/engine-client.ts';
import type { CommandContext } from './context.ts';
import { packEventText } from './pack-text.ts';
import { startFloe, type FloeProcess } from './processes.ts';

/** An engine that ends sooner than this may have ended for a reason that stays. */
const LIVED_MS = 30_000;
/** So often in a row it is started again all the same. */
const QUICK_ENDS_MAX = 5;

/** The engine of the home, wherever it runs. One that was started here is started again. */
export class WatchedEngine {
  readonly #context: CommandContext;
  readonly #failed = Promise.withResolvers<never>();
  #connection: RemoteEngine | undefined;
  #child: FloeProcess | undefined;
  #servesBrowsers = false;
  #isStopping = false;
  #quickEnds = 0;

  constructor(context: CommandContext) {
    this.#context = context;
    // Heard by whoever waits for it, and by nobody once the command has ended.
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when an engine that was started here cannot be kept alive. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get connection(): RemoteEngine {
    if (!this.#connection) throw new EngineError('internal', 'the engine does not answer');
    return this.#connection;
  }

  /** Join the engine that serves the home, or start one. */
  async begin(): Promise<void> {
    const { home, passphraseFile } = this.#context;
    this.#connection = await connectRemote(home);
    if (!this.#connection) {
      const passphrase = passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile];
      const args = ['--home', home, ...passphrase, 'daemon'];
      const child = await startFloe(args, { stderr: 'inherit' });
      this.#child = child;
      const startedAtMs = performance.now();
      void child.ended.then(() => this.#beginAgain(performance.now() - startedAtMs));
      this.#connection = await connectRemote(home);
    }
    this.connection.subscribe((event) => noteEvent(this.#context, event));
  }

  async admitBrowser(): Promise<BrowserAdmission> {
    this.#servesBrowsers = true;
    return this.connection.api.admitBrowser({}, this.#context);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#connection?.close();
    await this.#child?.stop();
  }

  async #beginAgain(livedMs: number): Promise<void> {
    if (this.#isStopping || this.#context.signal.aborted) return;
    this.#quickEnds = livedMs < LIVED_MS ? this.#quickEnds + 1 : 0;
    try {
      if (this.#quickEnds > QUICK_ENDS_MAX) {
        throw new EngineError('internal', 'the engine ends by itself again and again');
      }
      this.#context.note('The engine ended by itself; it is started again.');
      await this.begin();
      // At the same port, where the pages that were let in find it again.
      if (this.#servesBrowsers) await this.admitBrowser();
    } catch (error) {
      this.#failed.reject(error);
    }
  }
}

function noteEvent(context: CommandContext, event: EngineEvent): void {
  if (event.kind === 'progress') context.progress.show(event);
  if (event.kind === 'pack') {
    context.progress.end();
    context.note(packEventText(event));
  }
  if (event.kind === 'sync-ended') {
    context.progress.end();
    context.note(
      event.problem === undefined
        ? `${event.folderName} is up to date`
        : `${event.folderName}: ${event.problem.message}`,
    );
  }
}
