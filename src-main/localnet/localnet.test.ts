import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseNetwork } from '#engine/model/network.ts';
import { parseSuiAddress } from '#engine/model/ids.ts';
import { callLocalnet } from './control-channel.ts';
import { startLocalnet, type RunningLocalnet } from './localnet.ts';
import type { LocalnetNetworkFile } from './network-file.ts';
import { joinLocalnet, runLocalnet, stopLocalnet } from './process.ts';

const SMALL = { shards: 13, nodes: 4, port: 0 } as const;

let dir: string;
let localnet: RunningLocalnet | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'floe-localnet-'));
});
afterEach(async () => {
  await localnet?.close();
  localnet = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function start(options = {}): Promise<RunningLocalnet> {
  localnet = await startLocalnet({ dir, ...SMALL, ...options });
  return localnet;
}

describe('a local network', () => {
  test('describes itself in a network file that engines understand', async () => {
    const { networkFile } = await start();
    const written = JSON.parse(await readFile(join(dir, 'network.json'), 'utf8')) as unknown;
    expect(written).toEqual(networkFile);
    expect(parseNetwork(written)).toMatchObject({
      name: 'local',
      rpc: [{ transport: 'grpc-web' }],
      nodes: { scheme: 'http', trust: 'none' },
      transactions: { expiration: 'default' },
    });
    expect(networkFile.storageNodes.map(({ shards }) => shards.length)).toEqual([4, 3, 3, 3]);
    const ids = networkFile.storageNodes.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    for (const { address } of networkFile.storageNodes) {
      expect((await fetch(`http://${address}/v1/health`)).status).toBe(200);
    }
  });

  test('with TLS asks for pinning', async () => {
    const { networkFile } = await start({ https: true, rpc: ['grpc-web', 'json-rpc'] });
    expect(parseNetwork(networkFile)).toMatchObject({
      rpc: [{ transport: 'grpc-web' }, { transport: 'json-rpc' }],
      nodes: { scheme: 'https', trust: 'pinned' },
    });
  });

  test('keeps its upload relay, with its address and terms', async () => {
    const { networkFile, relay } = await start({ relay: { tip: 'const:7' } });
    const url = networkFile.uploadRelay?.url ?? '';
    expect(parseNetwork(networkFile).uploadRelay).toEqual({ url });
    const terms = await (await fetch(`${url}/v1/tip-config`)).json();
    expect(terms).toEqual({ send_tip: { address: relay?.tipAddress, kind: { const: 7 } } });
    await localnet?.close();
    expect((await start()).networkFile.uploadRelay).toEqual({ url });
    expect(await (await fetch(`${url}/v1/tip-config`)).json()).toEqual(terms);
    await localnet?.close();
    await start({ relay: { tip: 'none' } });
    expect(await (await fetch(`${url}/v1/tip-config`)).json()).toBe('no_tip');
  });

  test('survives a restart with the same ids, keys and ports', async () => {
    const first = (await start()).networkFile;
    const committee = localnet?.chain.view.committee;
    await localnet?.advanceEpoch();
    await localnet?.close();
    const second = await start();
    expect(second.networkFile).toEqual(first);
    expect(second.status().epoch).toBe(2);
    expect(second.chain.view.committee.members).toEqual(committee?.members);
  });

  test.each([
    { name: 'shards', choice: { shards: 10 }, sentence: /--shards 10 .* has 13/ },
    { name: 'nodes', choice: { nodes: 5 }, sentence: /--nodes 5 .* has 4/ },
    { name: 'https', choice: { https: true }, sentence: /--https true .* has false/ },
  ])('refuses to become another network: $name', async ({ choice, sentence }) => {
    await start();
    await localnet?.close();
    localnet = undefined;
    const refused = startLocalnet({ dir, ...choice });
    await expect(refused).rejects.toMatchObject({ code: 'usage' });
    await expect(refused).rejects.toThrow(sentence);
  });

  test.each([
    { name: 'too few shards', choice: { shards: 3 } },
    { name: 'no node', choice: { nodes: 0 } },
    { name: 'more nodes than shards', choice: { shards: 4, nodes: 5 } },
    { name: 'an epoch too short', choice: { epochDurationMs: 1 } },
  ])('refuses $name', async ({ choice }) => {
    await expect(startLocalnet({ dir, port: 0, ...choice })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  test('names a port that is taken, and leaves nothing behind', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const refused = startLocalnet({ dir, ...SMALL, port });
    await expect(refused).rejects.toMatchObject({ code: 'port-taken', context: { port } });
    await expect(refused).rejects.toThrow(String(port));
    blocker.close();
    await start();
  });

  test('is alone in its directory', async () => {
    await start();
    await expect(startLocalnet({ dir })).rejects.toMatchObject({ code: 'localnet-in-use' });
  });

  test('moves shards at an epoch change', async () => {
    const running = await start();
    const before = running.chain.view.committee.members.map(({ shards }) => shards);
    await running.advanceEpoch({ moveShards: 2 });
    const after = running.chain.view.committee.members.map(({ shards }) => shards);
    expect(after).not.toEqual(before);
    expect(running.chain.view.isChangingEpoch).toBe(false);
    expect(running.nodes.map(({ node }) => node.status().shards)).toEqual(after);
  });

  test('lets epochs pass by themselves', async () => {
    const running = await start({ epochDurationMs: 150 });
    const reached = Promise.withResolvers<void>();
    running.chain.events.subscribe(() => {
      if (running.chain.view.epoch >= 3) reached.resolve();
    });
    await reached.promise;
  });

  test('serves with the behaviour of the release it is told', async () => {
    const { networkFile } = await start({ behaviour: 'walrus-1.32' });
    const [node] = networkFile.storageNodes;
    const blobId = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const answer = await fetch(`http://${node?.address}/v1/blobs/${blobId}/recoverySymbols`);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });
});

describe('the process of a local network', () => {
  /** Run it until `stop`; resolves when it is ready. */
  async function run(): Promise<{
    readonly networkFile: LocalnetNetworkFile;
    readonly ended: Promise<void>;
    stop(): void;
  }> {
    const controller = new AbortController();
    const ready = Promise.withResolvers<LocalnetNetworkFile>();
    const ended = runLocalnet({ dir, ...SMALL }, ready.resolve, controller.signal);
    ended.catch(ready.reject);
    return { networkFile: await ready.promise, ended, stop: () => controller.abort() };
  }

  test('obeys commands from the owner of the directory, and nobody else', async () => {
    const running = await run();
    expect((await stat(join(dir, 'control.json'))).mode & 0o777).toBe(0o600);
    expect(await callLocalnet(dir, 'node', { id: '2', action: 'kill' })).toMatchObject({
      index: 2,
      mode: 'killed',
    });
    const id = running.networkFile.storageNodes[2]?.id ?? '';
    expect(await callLocalnet(dir, 'node', { id, action: 'heal' })).toMatchObject({
      mode: 'running',
      missingSlivers: 0,
    });
    expect(await callLocalnet(dir, 'epoch-advance', { count: 2 })).toEqual({ epoch: 3 });
    const address = parseSuiAddress('0x12');
    expect(await callLocalnet(dir, 'fund', { address, mist: '5', frost: '7' })).toMatchObject({
      mist: '5',
      frost: '7',
    });
    expect(await callLocalnet(dir, 'price-set', { storage: '5', write: '1' })).toEqual({
      storage: '5',
      write: '1',
    });
    await expect(callLocalnet(dir, 'node', { id: '9', action: 'kill' })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(callLocalnet(dir, 'nothing')).rejects.toMatchObject({ code: 'usage' });
    const { port } = JSON.parse(await readFile(join(dir, 'control.json'), 'utf8')) as {
      readonly port: number;
    };
    const stranger = await fetch(`http://127.0.0.1:${String(port)}`, {
      method: 'POST',
      body: JSON.stringify({ command: 'stop', given: {} }),
    });
    expect(await stranger.json()).toMatchObject({ error: { code: 'usage' } });
    await stopLocalnet(dir);
    await running.ended;
    await expect(callLocalnet(dir, 'status')).rejects.toMatchObject({
      code: 'localnet-not-running',
    });
    // The directory is free at once.
    await start();
  });

  test('joined by another, goes on when that one leaves', async () => {
    const running = await run();
    const controller = new AbortController();
    const joined = Promise.withResolvers<LocalnetNetworkFile>();
    const beside = joinLocalnet({ dir }, joined.resolve, controller.signal);
    expect(await joined.promise).toEqual(running.networkFile);
    controller.abort();
    await beside;
    expect(await callLocalnet(dir, 'status')).toMatchObject({ epoch: 1 });
    running.stop();
    await running.ended;
  });
});
