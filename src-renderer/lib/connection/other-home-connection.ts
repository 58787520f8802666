/**
 * @file AppConnection to a home beside the one that serves this window: the same calls and events,
 * handed on by it.
 */
import type { AppApi, AppConnection } from '#contract/app-api.ts';
import type { CallOptions } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { ShellEvent } from '#contract/shell-api.ts';

export class OtherHomeConnection implements AppConnection {
  readonly api: AppApi;
  readonly #main: AppConnection;
  readonly #networkName: string;

  constructor(main: AppConnection, networkName: string) {
    this.#main = main;
    this.#networkName = networkName;
    const call = (method: string, request: unknown, options?: CallOptions): Promise<unknown> =>
      main.api.callOtherHome({ networkName, method, request }, options);
    // There is one set of settings, the person's: the home that serves the window tells the others.
    const own: Partial<AppApi> = {
      settings: (request, options) => main.api.settings(request, options),
      updateSettings: (change, options) => main.api.updateSettings(change, options),
    };
    this.api = new Proxy(own as AppApi, {
      get: (target, method: string) =>
        (target as unknown as Record<string, unknown>)[method] ??
        ((request: unknown, options?: CallOptions) => call(method, request, options)),
    });
  }

  get shell(): AppConnection['shell'] {
    return this.#main.shell;
  }

  get state(): AppConnection['state'] {
    return this.#main.state;
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    return this.#main.subscribe((event) => {
      if (event.kind === 'home-changed') listener(event);
      if (event.kind === 'other-home' && event.networkName === this.#networkName) {
        listener(event.event);
      }
    });
  }

  subscribeShell(listener: (event: ShellEvent) => void): () => void {
    return this.#main.subscribeShell(listener);
  }

  onState(listener: (state: AppConnection['state']) => void): () => void {
    return this.#main.onState(listener);
  }
}
