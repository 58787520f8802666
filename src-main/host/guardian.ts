/**
 * @file A guardian's own folder: its key, its ledger, what it guards. No vault is anywhere near.
 *
 * The key lies in a 0600 file: it opens nothing but an account that a person keeps topped up for
 * renewals, within caps.
 */
import { join, resolve } from 'node:path';
import { Guardian } from '#engine/guarding.ts';
import type { Network } from '#engine/model/network.ts';
import { absolutePath, pathBelow } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';

const KEY_FILE = 'guardian.key';
const INDEX_FILE = 'guardian.db';
const SEED_BYTES = 64;

/** Open the guardian of a folder; the first time it gets its key. */
export async function openGuardian(folder: string, network: Network): Promise<Guardian> {
  // SQLite makes its files by itself.
  process.umask(0o077);
  const files = openFileSystem();
  const path = absolutePath(resolve(folder));
  files.ensureDirectory(path);
  const keyPath = pathBelow(path, KEY_FILE);
  let seed = await files.readFile(keyPath, SEED_BYTES);
  if (seed === undefined) {
    seed = systemRandom.bytes(SEED_BYTES);
    await files.writeFileDurable(keyPath, seed);
  }
  return new Guardian({
    network,
    seed,
    indexPath: join(resolve(folder), INDEX_FILE),
    clock: systemClock,
    logger: { info: () => undefined, warn: () => undefined },
    random: systemRandom,
  });
}
