/** @file A vault as an engine might describe it, for scripted windows (scripted-window.ts). */
import type { FolderStatus, ListEntry, SnapshotSummary, VaultStatus } from '#contract/api.ts';
import type { AppSettings, HomeState } from '#contract/home-api.ts';
import type { StorageForecast } from '#contract/storage-api.ts';
import type { NodeActivity, PackActivity, Task } from '#contract/task-api.ts';
import type { Script } from './scripted-window.ts';

/** Everything happens around this moment; the pages' clock is set to it. */
export const NOW_MS = Date.UTC(2026, 10, 21, 13, 0);
const DAY_MS = 86_400_000;
const HORIZON = { atMs: Date.UTC(2027, 2, 14), epoch: 48 };
const wal = (amount: number): bigint => BigInt(Math.round(amount * 1e9));

export const home: HomeState = {
  state: 'open',
  path: '/home/anna/.local/share/floe',
  version: '0.1.0',
  networkName: 'mainnet',
  isTryOut: false,
  isKitConfirmed: true,
  unlockWith: undefined,
  problem: undefined,
};

export const settings: AppSettings = {
  language: 'system',
  theme: 'system',
  startAtLogin: true,
  pauseOnMetered: true,
  pauseOnBattery: false,
  notifyProblems: true,
  upload: 'auto',
  uploadTipMaxMist: 10_000_000,
};

export function folder(name: string, change: Partial<FolderStatus> = {}): FolderStatus {
  const folderId = `folder-${name}`;
  return {
    folderId,
    name,
    path: `/home/anna/${name}`,
    permanent: false,
    removed: false,
    isHere: true,
    state: 'protected',
    problem: undefined,
    protectedUntil: HORIZON,
    newestSnapshot: snapshot(folderId, name, 12),
    fileCount: 1_204,
    sizeBytes: 3_200_000_000,
    blobCount: 26,
    storedBytes: 14_400_000_000n,
    unread: [],
    excludes: ['*.tmp'],
    snapshotCount: 12,
    lastSyncAtMs: NOW_MS - 4 * 60_000,
    waiting: undefined,
    schedule: {
      commitEveryMs: 'auto',
      delayMs: 60_000,
      hours: [],
      fixedCostCap: { frost: 5_000_000_000n, isDefault: true },
    },
    spread: { storedShards: 1_000, shardCount: 1_000 },
    ...change,
  };
}

export function snapshot(folderId: string, folderName: string, sequence: number): SnapshotSummary {
  return {
    snapshotId: `snapshot-${String(sequence)}`,
    folderId,
    folderName,
    device: 'anna-desk',
    sequence,
    atMs: NOW_MS - (12 - sequence) ** 2 * DAY_MS - 2_000_000,
    fileCount: 1_204 - (12 - sequence) * 31,
    sizeBytes: 3_200_000_000 - (12 - sequence) * 90_000_000,
    blobId: 'x'.repeat(43),
  };
}

export function status(
  folders: readonly FolderStatus[],
  change: Partial<VaultStatus> = {},
): VaultStatus {
  return {
    vaultId: 'vault',
    network: {
      name: 'mainnet',
      isTryOut: false,
      chainIdentifier: '35834a8a',
      epoch: 40,
      shardCount: 1_000,
      nodeCount: 103,
      epochEndsAtMs: NOW_MS + 5 * DAY_MS,
      endpointCount: 2,
    },
    state: 'protected',
    sentence: '',
    problem: undefined,
    folders,
    address: `0x${'1f'.repeat(32)}`,
    device: 'anna-desk',
    pause: undefined,
    ...change,
  };
}

/** A whole committee: 1,000 shards on 100 storage nodes, with one slow and one down. */
export const nodes: readonly NodeActivity[] = Array.from({ length: 100 }, (_, index) => ({
  nodeId: `node-${String(index)}`,
  name: `${['Aurora', 'Boreal', 'Cirrus', 'Delta', 'Ember'][index % 5] ?? ''} ${String(index)}`,
  address: `node-${String(index)}.example:9185`,
  shards: Array.from({ length: 10 }, (_unused, shard) => index * 10 + shard),
  state: index === 17 ? 'slow' : index === 42 || index === 43 ? 'down' : 'ok',
  latencyMs: index === 42 || index === 43 ? undefined : 30 + ((index * 37) % 220),
  lastSuccessAtMs: index === 42 ? undefined : NOW_MS - index * 1_000,
  lastProblem: index === 42 ? 'connection refused' : undefined,
}));

/** Shards of storage nodes that answer are stored up to `until`. */
export function pack(change: Partial<PackActivity> = {}, until = 830): PackActivity {
  const shards = Array.from({ length: 1_000 }, (_, shard) => {
    const state = nodes[Math.floor(shard / 10)]?.state;
    return state === 'ok' && (shard * 389) % 1_000 < until ? '1' : '0';
  }).join('');
  return {
    packId: 'pack-1',
    folderName: 'Lab data 2026',
    step: 'registered',
    sinceMs: NOW_MS - 41_000,
    sizeBytes: 128_000_000,
    blobId: 'q8xS1rCy2vN5kHoz7eYfPvTtGmWbUJd3RlA0sXcE9iI',
    blobObjectId: `0x${'5c'.repeat(32)}`,
    storedShards: [...shards].filter((shard) => shard === '1').length,
    neededShards: 667,
    shardCount: 1_000,
    shards,
    problem: undefined,
    ...change,
  };
}

export const syncTask: Task = {
  taskId: 'task-1',
  kind: 'sync',
  folderId: 'folder-Lab data 2026',
  folderName: 'Lab data 2026',
  state: 'running',
  beganAtMs: NOW_MS - 400_000,
  endedAtMs: undefined,
  progress: {
    filesDone: 3_120,
    filesTotal: 5_114,
    bytesDone: 251_300_000_000,
    bytesTotal: 412_000_000_000,
    bytesPerSecond: 38_400_000,
    remainingMs: 4_185_000,
    elapsedMs: 400_000,
    current: 'runs/2026-11/spectrometer-0412.h5',
  },
  problem: undefined,
  restore: undefined,
};

export function forecast(folders: readonly FolderStatus[]): StorageForecast {
  const cost = (amount: number) => ({ walFrost: wal(amount), gasMist: wal(amount / 50) });
  return {
    now: { epoch: 40, atMs: NOW_MS - 9 * DAY_MS },
    epochDurationMs: 14 * DAY_MS,
    epochsAheadMax: 53,
    prices: { storageFrostPerMib: 11_000n, writeFrostPerMib: 20_000n },
    folders: folders.map(({ folderId, name, permanent, sizeBytes, protectedUntil }) => ({
      folderId,
      name,
      permanent,
      sizeBytes,
      encodedBytes: BigInt(Math.round(sizeBytes * 4.5)),
      protectedUntil,
      horizon: { kind: 'keep', floorEpochs: 6, targetEpochs: 12, untilMs: undefined },
      retention: undefined,
      renewals: [],
      perMonth: cost((sizeBytes / 1e9) * 0.13),
    })),
    ends: [],
    balance: cost(212),
    runsOutAt: undefined,
    perMonth: cost(54.2),
    caps: { perTransaction: cost(10), perDay: cost(20), perEpoch: cost(100) },
    spent: { today: cost(0), thisEpoch: cost(1.2), inAll: cost(61) },
    rate: undefined,
    warnings: [],
  };
}

/** A directory of so many files; paging is the script's work. */
export function entry(index: number): ListEntry {
  return {
    path: `image-${String(index).padStart(6, '0')}.raw`,
    kind: 'file',
    sizeBytes: 1_000_000 + index,
    mode: 0o644,
    mtimeMs: NOW_MS - index * 60_000,
    target: undefined,
  };
}

/** A calm vault with these folders; a script adds what it is about. */
export function calm(folders: readonly FolderStatus[], change: Partial<VaultStatus> = {}): Script {
  return {
    home: () => home,
    otherHomes: () => ({ homes: [], moves: [] }),
    settings: () => settings,
    status: () => status(folders, change),
    tasks: () => [],
    activity: () => ({ packs: [], nodes, history: [] }),
    storage: () => forecast(folders),
    snapshots: ({ folder: folderId }) =>
      Array.from({ length: 12 }, (_, index) => snapshot(folderId ?? '', '', index + 1)),
    snapshotChanges: () => ({
      added: 31,
      changed: 7,
      removed: 2,
      addedBytes: 90_000_000,
      removedBytes: 12_000,
      examples: [],
    }),
    browse: ({ offset, limit }) => ({
      entries: Array.from({ length: Math.min(limit, 40 - offset) }, (_, index) =>
        entry(offset + index),
      ),
      total: 40,
    }),
    fileVersions: () => [],
  };
}
