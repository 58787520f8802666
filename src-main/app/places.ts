/**
 * @file Where things lie, in a checkout and in a packaged app alike.
 *
 * Both have the same layout. In a packaged app the shell is in `app.asar`; what the engine needs lies
 * beside it in `app.asar.unpacked`, because the engine is a plain Node process and cannot read an
 * archive.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultHome } from '#platform/home.ts';

export interface Places {
  /** The engine's home, and in it what Chromium keeps for the window. */
  readonly home: string;
  readonly userData: string;
  readonly preload: string;
  readonly renderer: string;
  readonly trayIcons: string;
  readonly appIcon: string;
  readonly engineEntry: string;
  readonly engineRoot: string;
  /** The Node that runs the engine; undefined where none comes as a package. */
  readonly node: string | undefined;
}

export function findPlaces(options: {
  readonly appPath: string;
  /** Electron's resources folder; undefined in a checkout. */
  readonly resources: string | undefined;
  readonly platform: NodeJS.Platform;
}): Places {
  const { appPath, resources, platform } = options;
  const engineRoot = appPath.replace(/app\.asar$/, 'app.asar.unpacked');
  const binary = platform === 'win32' ? 'node.exe' : 'node';
  const node = resources
    ? join(resources, 'node', binary)
    : join(appPath, 'node_modules', '.bin', binary);
  const home = defaultHome();
  return {
    home,
    userData: join(home, 'shell'),
    preload: join(appPath, 'dist', 'app', 'preload.cjs'),
    renderer: join(appPath, 'dist', 'renderer'),
    trayIcons: join(appPath, 'assets', 'tray'),
    appIcon: join(appPath, 'assets', 'icons', '256x256.png'),
    engineEntry: join(engineRoot, 'dist', 'engine', 'main.js'),
    engineRoot,
    node: existsSync(node) ? node : undefined,
  };
}
