/**
 * @file What words open on a network, looked at before anything is set up: the vault's folders, as
 * its newest snapshots have them.
 *
 * It is the engine that looks, on an index of its own in a folder of the home that is removed again.
 */
import type { FoundVault } from '#contract/home-api.ts';
import { createDeviceId, findVault } from '#engine/vault.ts';
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

/** The caller holds the home's lock. */
export async function lookIntoVault(
  home: string,
  words: readonly string[],
  choice: NetworkChoice,
  signal: AbortSignal,
): Promise<Omit<FoundVault, 'draftId'>> {
  const logger = openLogger(systemClock, () => undefined);
  const ports = { clock: systemClock, random: systemRandom, logger };
  const found = await findVault(words, choice.network, ports, signal);
  if (found.deviceCount === 0) return { deviceCount: 0, folders: [] };
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
    { paths: homePaths(absolutePathText(folder)), mayCreateIndex: true, logger },
  );
  try {
    const { folders } = await engine.api.status({}, { signal });
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
  } finally {
    await engine.close();
    files.removeTree(folder);
  }
}
