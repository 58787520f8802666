/**
 * Goal: what packs to come will give to an upload relay is told before they go, for just those that
 * will go by it.
 * Method: a relay's terms on a real socket, and what the local index remembers of them.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UploadWish } from '#contract/task-api.ts';
import { commitFrost, smallestCommitCost } from '../commit-economics.ts';
import { RECORDED_GAS_MIST } from '../gas.ts';
import { openLocalIndex, type LocalIndex } from '../local-index/local-index.ts';
import { epoch } from '../model/ids.ts';
import { encodedBytes, type WalrusSystem } from '../model/walrus.ts';
import { systemClock } from '#platform/system-clock.ts';
import { openUploadRelay, type UploadRelay } from '../walrus/relay/upload-relay.ts';
import type { StorageNetwork } from '../walrus/storage-network.ts';
import { recallTerms } from './relay-terms.ts';
import { UPLINK_FACT } from './uplink.ts';
import { Uploads } from './uploads.ts';

const MIB = 1024 * 1024;
const SMALL = 4096;
const LARGE = 100 * MIB;
const TIP_MAX = 10n ** 9n;
const address = `0x${'7'.repeat(64)}`;
const LINEAR = {
  send_tip: { address, kind: { linear: { base: 500, encoded_size_mul_per_kib: 3 } } },
};
const linear = (sizeBytes: number): bigint =>
  500n + 3n * ((encodedBytes(sizeBytes, 1000) + 1023n) / 1024n);

const EPOCH = epoch(100);
const system = {
  epoch: EPOCH,
  epochStartedAtMs: 0,
  epochDurationMs: 14 * 86_400_000,
  epochsAheadMax: 53,
  shardCount: 1000,
  storagePriceFrostPerMib: 100_000n,
  writePriceFrostPerMib: 20_000n,
  committee: { epoch: EPOCH, shardCount: 1000, members: Array.from({ length: 100 }) },
} as Partial<WalrusSystem> as WalrusSystem;
const never = new AbortController().signal;

let terms: unknown;
let asked: number;
let server: Server;
let relays: UploadRelay[];
let index: LocalIndex;

beforeEach(async () => {
  terms = LINEAR;
  asked = 0;
  relays = [];
  index = openLocalIndex(':memory:');
  server = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify(terms));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const relay of relays) await relay.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  index.close();
});

/** As a new process opens it: it has asked nobody yet. */
function openRelay(): UploadRelay {
  const { port } = server.address() as AddressInfo;
  const relay = openUploadRelay({
    url: `http://127.0.0.1:${String(port)}`,
    codec: { verifyAggregate: () => Promise.reject(new Error('nothing is uploaded')) },
    clock: systemClock,
    limits: { retryDelaysMs: [] },
  });
  relays.push(relay);
  return relay;
}

const uploadsWith = (wish: Partial<UploadWish>, isOffered = true): Uploads =>
  new Uploads({
    index,
    // Nothing is uploaded.
    network: {} as StorageNetwork,
    relay: isOffered ? openRelay() : undefined,
    clock: systemClock,
    random: { bytes: (count) => new Uint8Array(count) },
    wish: { way: 'relay', tipMaxMist: Number(TIP_MAX), ...wish },
    onFallback: () => undefined,
  });

interface Row {
  readonly name: string;
  readonly wish?: Partial<UploadWish>;
  readonly uplink?: number;
  readonly terms?: unknown;
  readonly isOffered?: boolean;
  readonly small: bigint;
  readonly large: bigint;
  /** Whether the relay is asked for its terms. */
  readonly isAsked: boolean;
}

const rows: readonly Row[] = [
  {
    name: 'by size where the person wants a relay',
    small: linear(SMALL),
    large: linear(LARGE),
    isAsked: true,
  },
  {
    name: 'a fixed tip',
    terms: { send_tip: { address, kind: { const: 105 } } },
    small: 105n,
    large: 105n,
    isAsked: true,
  },
  {
    name: 'nothing for a relay that works for nothing',
    terms: 'no_tip',
    small: 0n,
    large: 0n,
    isAsked: true,
  },
  {
    name: 'nothing, and no question, where the person wants none',
    wish: { way: 'direct' },
    uplink: 2_000,
    small: 0n,
    large: 0n,
    isAsked: false,
  },
  {
    name: 'nothing while the line was not measured',
    wish: { way: 'auto' },
    small: 0n,
    large: 0n,
    isAsked: false,
  },
  {
    name: 'of large packs alone where the line is a little slow',
    wish: { way: 'auto' },
    uplink: MIB,
    small: 0n,
    large: linear(LARGE),
    isAsked: true,
  },
  {
    name: 'of each pack where the line is very slow',
    wish: { way: 'auto' },
    uplink: 2_000,
    small: linear(SMALL),
    large: linear(LARGE),
    isAsked: true,
  },
  {
    name: 'nothing of what is more than a tip may be',
    wish: { way: 'auto', tipMaxMist: Number(linear(SMALL)) },
    uplink: 2_000,
    small: linear(SMALL),
    large: 0n,
    isAsked: true,
  },
  {
    name: 'nothing where the network names no relay',
    isOffered: false,
    small: 0n,
    large: 0n,
    isAsked: false,
  },
  {
    name: 'nothing where its terms are nonsense',
    terms: { send_tip: 'me' },
    small: 0n,
    large: 0n,
    isAsked: true,
  },
];

describe('tips of packs to come:', () => {
  test.each(rows)('$name', async (row) => {
    const { wish = {}, uplink, small, large, isAsked, isOffered } = row;
    terms = row.terms ?? LINEAR;
    if (uplink !== undefined) index.writeFact(UPLINK_FACT, String(uplink));
    const uploads = uploadsWith(wish, isOffered);
    expect(uploads.expectedTip(SMALL, system)).toBe(0n);
    expect(await uploads.quoteTips([SMALL, LARGE, LARGE], system, never)).toBe(small + 2n * large);
    expect(uploads.expectedTip(SMALL, system)).toBe(small);
    expect(uploads.expectedTip(LARGE, system)).toBe(large);
    expect(asked).toBe(isAsked ? 1 : 0);
    // Known from then on, whether the relay is there or not.
    const later = uploadsWith(wish, isOffered);
    expect(later.expectedTip(LARGE, system)).toBe(large);
  });

  test('are part of what a commit costs', async () => {
    const folder = { permanent: false, horizon: undefined };
    const costWith = async (way: UploadWish['way']) => {
      const uploads = uploadsWith({ way });
      await uploads.learnTerms(SMALL, system, never);
      return smallestCommitCost({ index, uploads }, system, folder);
    };
    const gasMist = RECORDED_GAS_MIST.register + RECORDED_GAS_MIST.certify;
    const walFrost = commitFrost(system, folder, 0);
    expect(await costWith('direct')).toEqual({ walFrost, gasMist });
    expect(await costWith('relay')).toEqual({ walFrost, gasMist: gasMist + linear(SMALL) });
  });

  test('are asked for once by who only forecasts, and anew by who is about to pay', async () => {
    await uploadsWith({}).learnTerms(SMALL, system, never);
    terms = { send_tip: { address, kind: { const: 7 } } };
    const uploads = uploadsWith({});
    await uploads.learnTerms(SMALL, system, never);
    expect(asked).toBe(1);
    expect(uploads.expectedTip(SMALL, system)).toBe(linear(SMALL));
    expect(await uploads.quoteTips([SMALL], system, never)).toBe(7n);
  });

  test('are those that it named last while it fails, and a forecast does not ask it again at once', async () => {
    await uploadsWith({}).learnTerms(SMALL, system, never);
    terms = 'nonsense';
    const uploads = uploadsWith({});
    expect(await uploads.quoteTips([SMALL, LARGE], system, never)).toBe(
      linear(SMALL) + linear(LARGE),
    );
    expect(asked).toBe(2);
    await uploads.learnTerms(SMALL, system, never);
    expect(asked).toBe(2);
    // Who is about to pay must know it as soon as it is back.
    terms = { send_tip: { address, kind: { const: 7 } } };
    expect(await uploads.quoteTips([SMALL], system, never)).toBe(7n);
  });

  test('are not those of another relay', async () => {
    await uploadsWith({}).learnTerms(SMALL, system, never);
    expect(recallTerms(index, 'https://another.example')).toBe('unknown');
  });
});
