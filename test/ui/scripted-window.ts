/**
 * @file A window whose engine is a script: for states that a real one cannot be brought into within
 * a test's time, such as 100,000 files or a thousand shards. Everything that can be real is tested
 * on a real home (real-home.ts).
 *
 * The script stands where the desktop shell's preload stands, so the whole UI runs, wire included.
 */
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Page } from '@playwright/test';
import type { AppApi } from '#contract/app-api.ts';
import { CONTENT_SECURITY_POLICY } from '#contract/browser-wire.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { SerializedError } from '#contract/errors.ts';
import { decodeMessage, encodeMessage, type ClientMessage } from '#contract/wire.ts';

const pages = join(import.meta.dirname, '../../dist/renderer');
const ORIGIN = 'http://floe.test';
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** Answers by method; a method that is missing answers as an engine does that has none. */
export type Script = {
  readonly [Method in keyof AppApi]?: (
    request: Parameters<AppApi[Method]>[0],
  ) => Awaited<ReturnType<AppApi[Method]>> | Promise<Awaited<ReturnType<AppApi[Method]>>>;
};

/** Thrown by a script: the call fails with this problem. */
export class ScriptedProblem extends Error {
  readonly problem: SerializedError;

  constructor(problem: Omit<SerializedError, 'context'>) {
    super(problem.message);
    this.problem = { ...problem, context: {} };
  }
}

export interface ScriptedWindow {
  send(event: EngineEvent): Promise<void>;
  setState(state: 'connecting' | 'up' | 'down'): Promise<void>;
}

/** Open the window at an address, on a script. */
export async function openScripted(
  page: Page,
  script: Script,
  hash = '#/folders',
  state: 'connecting' | 'up' | 'down' = 'up',
): Promise<ScriptedWindow> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const path = normalize(new URL(route.request().url()).pathname);
    const file = path === '/' ? '/index.html' : path;
    await route.fulfill({
      body: readFileSync(join(pages, file)),
      contentType: TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      headers: { 'content-security-policy': CONTENT_SECURITY_POLICY },
    });
  });
  await page.exposeFunction('floeScript', (text: string) => answer(script, text));
  await page.addInitScript(putBridge, state);
  await page.goto(`${ORIGIN}/${hash}`);
  const tell = async (text: string): Promise<void> => {
    await page.evaluate(
      (message) => (globalThis as unknown as PageGlobals).floeScripted.message(message),
      text,
    );
  };
  return {
    send: (event) => tell(encodeMessage({ type: 'event', event })),
    setState: (next) =>
      page.evaluate(
        (value) => (globalThis as unknown as PageGlobals).floeScripted.state(value),
        next,
      ),
  };
}

async function answer(script: Script, text: string): Promise<string> {
  const message = decodeMessage(text) as ClientMessage;
  if (message.type !== 'call') return '';
  const { id, method, request } = message;
  const handler = (script as Record<string, ((request: unknown) => unknown) | undefined>)[method];
  try {
    if (!handler) throw new Error(`the script has no ${method}`);
    return encodeMessage({ type: 'result', id, value: await handler(request) });
  } catch (error) {
    const problem: SerializedError =
      error instanceof ScriptedProblem
        ? error.problem
        : { code: 'internal', message: String(error), next: '', context: {} };
    return encodeMessage({ type: 'error', id, error: problem });
  }
}

/** What the page holds between this file and the UI. */
interface PageGlobals {
  floeScript(text: string): Promise<string>;
  floeScripted: {
    message: (text: string) => void;
    state: (state: string) => void;
  };
  floe: object;
}

/** Runs in the page, before any of its scripts: the bridge of contract/shell-bridge.ts. */
function putBridge(state: string): void {
  const globals = globalThis as unknown as PageGlobals;
  const nothing = (): void => undefined;
  globals.floeScripted = { message: nothing, state: nothing };
  globals.floe = {
    platform: 'linux',
    send: (text: string) => {
      void globals.floeScript(text).then((reply) => {
        if (reply !== '') globals.floeScripted.message(reply);
      });
    },
    onMessage: (listener: (text: string) => void) => (globals.floeScripted.message = listener),
    onState: (listener: (state: string) => void) => {
      globals.floeScripted.state = listener;
      listener(state);
    },
    callShell: () => Promise.resolve({ ok: true, value: {} }),
    onShellEvent: nothing,
  };
}
