/**
 * Goal: a relay is waited for as long as its work may take, and no longer.
 * Method: real sockets, and a clock that passes when the test says so.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '#engine/ports/ports.ts';
import { RelayClient, type RelayCall } from './relay-client.ts';

let server: Server | undefined;
let client: RelayClient | undefined;

afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

interface Time extends Clock {
  passMs(ms: number): void;
  /** Resolves when whoever waits has looked at the time again. */
  looked(): Promise<void>;
}

/** Time stands still but for `passMs`; sleeping takes none of it. */
function stillClock(): Time {
  let nowMs = 1_000;
  let looks = 0;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    passMs: (ms) => (nowMs += ms),
    sleep: async (_ms, signal) => {
      await turn();
      looks += 1;
      signal?.throwIfAborted();
    },
    looked: async () => {
      for (const before = looks; looks < before + 3;) await turn();
    },
  };
}

async function serve(listener: RequestListener, clock: Clock): Promise<RelayClient> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new RelayClient({
    url: `http://127.0.0.1:${String(port)}`,
    clock,
    limits: {
      connectTimeoutMs: 10_000,
      stallMs: 1_000,
      takenBytesPerSecond: 64 * 1024 * 1024,
      answerMs: 5_000,
      storeBytesPerSecond: 100,
      retryDelaysMs: [10, 10],
      retryWithinMs: 1_000,
    },
  });
  return client;
}

const upload = (change: Partial<RelayCall> = {}): RelayCall => ({
  method: 'POST',
  path: '/v1/blob-upload-relay?blob_id=x',
  body: new Uint8Array(100_000),
  encodedBytes: 1_000,
  signal: new AbortController().signal,
  ...change,
});

describe('an upload', () => {
  test('is waited for as long as storing so much may take', async () => {
    const clock = stillClock();
    const relay = await serve((request, response) => {
      request.resume().on('end', () => {
        // 5 s, and 10 s for 1,000 bytes at 100 a second.
        clock.passMs(15_000);
        void clock.looked().then(() => response.end('stored'));
      });
    }, clock);
    expect((await relay.call(upload())).toString()).toBe('stored');
  });

  test('is given up when the relay is silent for longer than that', async () => {
    const clock = stillClock();
    let sent = 0;
    const relay = await serve((request) => {
      request.resume().on('end', () => clock.passMs(15_001));
    }, clock);
    const call = relay.call(upload({ onSent: () => (sent += 1) }));
    await expect(call).rejects.toMatchObject({
      code: 'relay-unreachable',
      message: expect.stringContaining('it is silent') as string,
    });
    expect(sent).toBe(1);
  });

  test('is given up when no byte is taken any more', async () => {
    const clock = stillClock();
    const relay = await serve((request) => {
      request.once('data', () => {
        request.pause();
        clock.passMs(1_001);
      });
    }, clock);
    // More than any socket buffers.
    const call = relay.call(upload({ body: new Uint8Array(64 * 1024 * 1024) }));
    await expect(call).rejects.toMatchObject({ code: 'relay-unreachable' });
  });

  test('is given up when its bytes are taken, but too slowly', async () => {
    const clock = stillClock();
    const relay = await serve((request, response) => {
      // At most 64 KiB each: 5 s and more, where 1 s is allowed and 1 s for the bytes.
      request.on('data', () => clock.passMs(5)).on('end', () => response.end('stored'));
    }, clock);
    const call = relay.call(upload({ body: new Uint8Array(64 * 1024 * 1024) }));
    await expect(call).rejects.toMatchObject({ code: 'relay-unreachable' });
  });

  test('is not sent again when the relay fails late', async () => {
    const clock = stillClock();
    let calls = 0;
    const relay = await serve((request, response) => {
      calls += 1;
      request.resume().on('end', () => {
        clock.passMs(1_001);
        response.writeHead(503).end('not today');
      });
    }, clock);
    await expect(relay.call(upload())).rejects.toMatchObject({ code: 'relay-unreachable' });
    expect(calls).toBe(1);
  });

  test('ends with the reason of whoever ends it', async () => {
    const ending = new AbortController();
    const relay = await serve((request) => {
      request.resume().on('end', () => ending.abort(new Error('enough')));
    }, stillClock());
    await expect(relay.call(upload({ signal: ending.signal }))).rejects.toThrow('enough');
  });
});

describe('what a relay answers', () => {
  test.each([
    { name: 'an error of its own that passes', statuses: [500, 503, 200], code: undefined },
    { name: 'an error that stays', statuses: [500, 500, 500], code: 'relay-unreachable' },
    { name: 'too many requests', statuses: [429, 200], code: undefined },
    { name: 'that nobody has paid', statuses: [402], code: 'relay-refused' },
    { name: 'that it knows no such path', statuses: [404], code: 'relay-refused' },
  ])('$name', async ({ statuses, code }) => {
    const left = [...statuses];
    const relay = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(left.shift() ?? 418).end('said'));
    }, stillClock());
    const answer = relay.call(upload());
    if (code === undefined) expect((await answer).toString()).toBe('said');
    else await expect(answer).rejects.toMatchObject({ code });
    expect(left).toEqual([]);
  });

  test('is not read beyond what an answer may have', async () => {
    const relay = await serve((request, response) => {
      request.resume().on('end', () => response.end(Buffer.alloc(70_000, 32)));
    }, stillClock());
    await expect(relay.call(upload())).rejects.toMatchObject({ code: 'relay-invalid-answer' });
  });

  test('nothing, since nobody listens', async () => {
    const relay = await serve(() => undefined, stillClock());
    await new Promise((resolve) => server?.close(resolve));
    await expect(relay.call(upload())).rejects.toMatchObject({ code: 'relay-unreachable' });
  });
});
