/**
 * @file The settings of a home, for a command: through the process that serves it, which then acts
 * on them at once, else in the home's own file.
 */
import type { AppSettings } from '#contract/home-api.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { connectRemote, lockHome } from './connect.ts';
import { homePaths } from './home.ts';
import { Settings } from './settings.ts';

/**
 * Change what is given, and give what holds then.
 *
 * @throws EngineError `home-not-initialised`, `home-in-use`, `home-unwritable`
 */
export async function homeSettings(
  home: string,
  change: Partial<AppSettings>,
): Promise<AppSettings> {
  const remote = await connectRemote(home);
  if (remote) {
    try {
      return await remote.api.updateSettings(change);
    } finally {
      await remote.close();
    }
  }
  const lock = lockHome(home);
  try {
    const settings = new Settings(openFileSystem(), homePaths(home), systemClock);
    return Object.keys(change).length === 0 ? await settings.read() : await settings.update(change);
  } finally {
    lock.release();
  }
}
