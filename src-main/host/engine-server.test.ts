/** The home's socket with a real server, real sockets and an engine of a few lines. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EngineApi } from '#contract/api.ts';
import type { EngineEvent } from '#contract/events.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { callMethod } from './answers.ts';
import type { Answering } from './conversation.ts';
import { connectToEngine } from './engine-client.ts';
import { serveEngine, type EngineServer } from './engine-server.ts';
import { sendFrame } from './frames.ts';

const TOKEN = 'a token';
const PROGRESS: EngineEvent = {
  kind: 'progress',
  task: 'scan',
  folderId: 'f'.repeat(32),
  folderName: 'docs',
  filesDone: 1,
  filesTotal: undefined,
  bytesDone: 1,
  bytesTotal: undefined,
  current: 'a path that is as long as paths are '.repeat(8),
  elapsedMs: 1,
};
let folder: string;
let socketPath: string;
let server: EngineServer;
let aborted: Promise<unknown>;
let listener: ((event: EngineEvent) => void) | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'floe-socket-'));
  socketPath = join(folder, 'engine.sock');
  const { promise, resolve } = Promise.withResolvers<unknown>();
  aborted = promise;
  const api = {
    wallet: async () => ({ walFrost: 9_007_199_254_740_993n }),
    extend: async () => {
      throw new EngineError('balance-low', 'too little', { context: { address: '0x1' } });
    },
    sync: async (_request: unknown, options: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        options.signal.addEventListener('abort', () => {
          resolve('aborted');
          reject(new DOMException('stopped', 'AbortError'));
        });
      }),
  } as unknown as EngineApi;
  const answering: Answering = {
    call: (method, request, signal) => callMethod(api, method, request, signal),
    subscribe: (given) => {
      listener = given;
      return () => (listener = undefined);
    },
  };
  server = await serveEngine({ answering, socketPath, token: TOKEN, onStop: () => undefined });
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('the engine on its socket', () => {
  test('is for its owner alone', () => {
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  test('answers calls, amounts included', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    expect((await engine?.api.wallet({}))?.walFrost).toBe(9_007_199_254_740_993n);
    await engine?.close();
  });

  test('passes errors on with code and context', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    await expect(engine?.api.extend({ folder: 'a', epochs: 1 })).rejects.toMatchObject({
      code: 'balance-low',
      context: { address: '0x1' },
    });
    await engine?.close();
  });

  test('passes events on', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    const received = new Promise<EngineEvent>((resolve) => engine?.subscribe(resolve));
    listener?.({ kind: 'folders-changed' });
    expect(await received).toEqual({ kind: 'folders-changed' });
    await engine?.close();
  });

  test('stops a call whose caller gave up', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    const controller = new AbortController();
    const call = engine?.api.sync({}, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(await aborted).toBe('aborted');
    await engine?.close();
  });

  test('stops a call whose caller vanished', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    const call = engine?.api.sync({});
    call?.catch(() => undefined);
    await engine?.close();
    expect(await aborted).toBe('aborted');
  });

  test('hangs up on whoever is still there when it ends', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    const call = engine?.api.sync({});
    const failure = expect(call).rejects.toMatchObject({ code: 'home-in-use' });
    await server.close();
    await failure;
    expect(await connectToEngine(socketPath, TOKEN)).toBeUndefined();
  });

  test('refuses a call once the connection has ended', async () => {
    const engine = await connectToEngine(socketPath, TOKEN);
    await server.close();
    await engine?.closed;
    await expect(engine?.api.wallet({})).rejects.toMatchObject({ code: 'home-in-use' });
  });

  test('does not keep events for a caller that does not take them', async () => {
    const socket = createConnection(socketPath);
    const welcomed = new Promise((resolve) => socket.once('data', resolve));
    sendFrame(socket, JSON.stringify({ type: 'hello', token: TOKEN }));
    await welcomed;
    socket.pause();
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 300_000; count += 1) listener?.(PROGRESS);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_048_576);
    socket.destroy();
  });

  test('hangs up on a wrong token', async () => {
    expect(await connectToEngine(socketPath, 'another token')).toBeUndefined();
  });

  test.each([
    {
      name: 'a call before the token',
      text: '{"type":"call","id":1,"method":"wallet","request":{}}',
    },
    { name: 'something that is no message', text: '{"type":"please"}' },
    { name: 'something that is not JSON', text: 'hello' },
  ])('hangs up on $name', async ({ text }) => {
    const socket = createConnection(socketPath);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    sendFrame(socket, text);
    await closed;
  });

  test('hangs up on a frame without end', async () => {
    const socket = createConnection(socketPath);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0x7f]));
    await closed;
  });

  test('nobody at the path is no error', async () => {
    expect(await connectToEngine(join(folder, 'none.sock'), TOKEN)).toBeUndefined();
  });
});
