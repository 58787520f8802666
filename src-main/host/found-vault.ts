/**
 * @file A vault on a network, looked at before anything is set up: the folders that words open, as
 * their newest snapshots have them, or what a folder would cost in a new one.
 *
 * It is the engine that looks, on an index of its own in a folder of the home that is removed again.
 */
import type { EngineApi } from '#contract/api.ts';
import type { FoundVault } from '#contract/home-api.ts';
import type { Quote } from '#contract/storage-api.ts';
import {
  createDeviceId,
  findVault,
  generateWords,
  type FoundVault as FoundOnNetwork,
} from '#engine/vault.ts';
import { absolutePathText, pathBelow } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { openLogger } from '#platform/log-file.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import { homePaths } from './home.ts';
import type { NetworkChoice } from './network-choice.ts';
import { openVault } from './open-home.ts';

/** Below the home. What a crash leaves here is removed by the next look. */
const LOOK_FOLDER = 'look';

const PORTS = {
  clock: systemClock,
  random: systemRandom,
  logger: openLogger(systemClock, () => undefined),
};

interface Look {
  readonly home: string;
  readonly words: readonly string[];
  readonly choice: NetworkChoice;
  readonly found: FoundOnNetwork;
}

/** The caller holds the home's lock. */
export async function lookIntoVault(
  home: string,
  words: readonly string[],
  choice: NetworkChoice,
  signal: AbortSignal,
): Promise<Omit<FoundVault, 'draftId'>> {
  const found = await findVault(words, choice.network, PORTS, signal);
  if (found.deviceCount === 0) return { deviceCount: 0, folders: [] };
  return withPassingEngine({ home, words, choice, found }, async (api) => {
    const { folders } = await api.status({}, { signal });
    return {
      deviceCount: found.deviceCount,
      folders: folders.map((one) => ({
        folderId: one.folderId,
        name: one.name,
        fileCount: one.fileCount,
        sizeBytes: one.sizeBytes,
        newestAtMs: one.newestSnapshot?.atMs,
        protectedUntilMs: one.protectedUntil?.atMs,
      })),
    };
  });
}

/** What a folder would cost in a vault that there is not yet. The caller holds the home's lock. */
export async function quoteWithoutVault(
  home: string,
  choice: NetworkChoice,
  size: Parameters<EngineApi['quote']>[0],
  signal: AbortSignal,
): Promise<Quote> {
  const words = generateWords(systemRandom);
  const found = await findVault(words, choice.network, PORTS, signal);
  return withPassingEngine({ home, words, choice, found }, (api) => api.quote(size, { signal }));
}

async function withPassingEngine<Answer>(
  { home, words, choice, found }: Look,
  ask: (api: EngineApi) => Promise<Answer>,
): Promise<Answer> {
  const files = openFileSystem();
  const folder = pathBelow(homePaths(home).root, LOOK_FOLDER);
  files.removeTree(folder);
  files.ensureDirectory(folder);
  const engine = await openVault(
    {
      network: choice.network,
      networkJson: choice.json,
      chainIdentifier: found.chainIdentifier,
      vaultId: found.keys.vaultId,
      deviceId: createDeviceId(systemRandom),
      accountIndex: found.nextAccountIndex,
      secretPlace: 'passphrase',
      isKitConfirmed: true,
      createdAtMs: systemClock.nowMs(),
    },
    words,
    {
      paths: homePaths(absolutePathText(folder)),
      mayCreateIndex: true,
      logger: PORTS.logger,
    },
  );
  try {
    return await ask(engine.api);
  } finally {
    await engine.close();
    files.removeTree(folder);
  }
}
