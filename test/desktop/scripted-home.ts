/**
 * @file A home that answers what a test says, on the home's real socket, for states that a real
 * engine reaches only after days or with bad luck. The shell joins it as it joins any engine.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { FolderStatus, VaultStatus } from '#contract/api.ts';
import type { AppApi } from '#contract/app-api.ts';
import type { EngineEvent } from '#contract/events.ts';
import type { AppSettings, HomeState } from '#contract/home-api.ts';
import type { RenewalPlan } from '#contract/storage-api.ts';
import { decodeMessage, encodeMessage, type ClientMessage } from '#contract/wire.ts';
import { receiveFrames, sendFrame } from '#host/frames.ts';

type Method = keyof AppApi;
export type Answers = { [Name in Method]?: (request: never) => unknown };

export interface Call {
  readonly method: string;
  readonly request: unknown;
}

export const OPEN_HOME: HomeState = {
  state: 'open',
  path: '/home',
  version: '0.1.0',
  networkName: 'mainnet',
  isTryOut: false,
  isKitConfirmed: true,
  unlockWith: undefined,
  problem: undefined,
};

export const SETTINGS: AppSettings = {
  language: 'en',
  theme: 'system',
  startAtLogin: false,
  pauseOnMetered: true,
  pauseOnBattery: false,
  notifyProblems: true,
  upload: 'auto',
  uploadTipMaxMist: 10_000_000,
};

/** 14 March 2027, noon. */
export const END = { atMs: Date.UTC(2027, 2, 14, 12), epoch: 40 };

export function folderStatus(name: string, part: Partial<FolderStatus> = {}): FolderStatus {
  return {
    name,
    removed: false,
    isHere: true,
    problem: undefined,
    protectedUntil: END,
    ...part,
  } as FolderStatus;
}

export function vaultStatus(
  state: VaultStatus['state'],
  folders: readonly FolderStatus[],
  part: Partial<VaultStatus> = {},
): VaultStatus {
  const network = { name: 'mainnet', isTryOut: false } as VaultStatus['network'];
  return { network, state, sentence: '', folders, pause: undefined, ...part } as VaultStatus;
}

export const NOTHING_DUE: RenewalPlan = {
  folders: [],
  compaction: undefined,
  transactionCount: 0,
  cost: { walFrost: 0n, gasMist: 0n },
  problem: undefined,
};

export const DUE: RenewalPlan = {
  ...NOTHING_DUE,
  folders: [
    {
      folderId: 'f'.repeat(32),
      name: 'Documents',
      from: END,
      to: { atMs: Date.UTC(2027, 8, 1, 12), epoch: 52 },
      blobCount: 3,
      cost: { walFrost: 410_000_000n, gasMist: 2_000_000n },
    },
  ],
  transactionCount: 1,
  cost: { walFrost: 410_000_000n, gasMist: 2_000_000n },
};

export class ScriptedHome {
  readonly #answers: Answers;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: { readonly method: string; readonly resolve: (call: Call) => void }[] = [];
  readonly #close: () => Promise<void>;
  /** Every text that arrived after a hello. */
  readonly texts: string[] = [];
  readonly calls: Call[] = [];

  private constructor(answers: Answers, close: () => Promise<void>) {
    this.#answers = answers;
    this.#close = close;
  }

  static async open(home: string, answers: Answers): Promise<ScriptedHome> {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const token = randomBytes(32).toString('hex');
    const socketPath = join(home, 'engine.sock');
    const server = createServer();
    const scripted = new ScriptedHome(
      {
        home: () => OPEN_HOME,
        settings: () => SETTINGS,
        status: () => vaultStatus('protected', [folderStatus('Documents')]),
        tasks: () => [],
        planRenewal: () => NOTHING_DUE,
        otherHomes: () => ({ homes: [], moves: [] }),
        setConditions: () => undefined,
        ...answers,
      },
      async () => {
        rmSync(join(home, 'engine.token'), { force: true });
        const closed = new Promise((resolve) => server.close(resolve));
        for (const socket of scripted.#sockets) socket.destroy();
        await closed;
      },
    );
    server.on('connection', (socket) => scripted.#serve(socket, token));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    writeFileSync(join(home, 'engine.token'), token, { mode: 0o600 });
    return scripted;
  }

  /** From now on, another answer; the shell is told to ask again. */
  answer(answers: Answers): void {
    Object.assign(this.#answers, answers);
    this.tell({ kind: 'home-changed' });
  }

  tell(event: EngineEvent): void {
    for (const socket of this.#sockets) sendFrame(socket, encodeMessage({ type: 'event', event }));
  }

  /** The next call of a method, or one that came already and was not taken. */
  async nextCall(method: Method): Promise<Call> {
    const index = this.calls.findIndex((call) => call.method === method);
    const [come] = index < 0 ? [] : this.calls.splice(index, 1);
    return come ?? new Promise((resolve) => this.#waiting.push({ method, resolve }));
  }

  async close(): Promise<void> {
    await this.#close();
  }

  #serve(socket: Socket, token: string): void {
    let isKnown = false;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    receiveFrames(socket, (text) => {
      const message = decodeMessage(text) as ClientMessage;
      if (!isKnown) {
        isKnown = message.type === 'hello' && message.token === token;
        if (!isKnown) socket.destroy();
        else {
          this.#sockets.add(socket);
          sendFrame(socket, encodeMessage({ type: 'welcome', pid: process.pid }));
        }
        return;
      }
      this.texts.push(text);
      if (message.type === 'call') this.#answer(socket, message);
    });
  }

  #answer(socket: Socket, { id, method, request }: Extract<ClientMessage, { type: 'call' }>): void {
    const answer = this.#answers[method as Method] as ((request: unknown) => unknown) | undefined;
    const call = { method, request };
    const waiting = this.#waiting.findIndex((one) => one.method === method);
    if (waiting >= 0) this.#waiting.splice(waiting, 1)[0]?.resolve(call);
    else this.calls.push(call);
    const error = { code: 'usage', message: `no ${method} here`, next: '', context: {} } as const;
    if (!answer) {
      sendFrame(socket, encodeMessage({ type: 'error', id, error }));
      return;
    }
    void Promise.resolve(answer(request)).then((value) =>
      sendFrame(socket, encodeMessage({ type: 'result', id, value })),
    );
  }
}
