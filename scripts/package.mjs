/**
 * @file Packs the desktop app as electron-builder.yml says.
 *
 *     npm run package                    installers of the platform it runs on
 *     npm run package -- --for-tests     the unpacked app on the Electron that tests run on, and a .deb
 *
 * electron-builder makes its .deb with a tool from a host that a build machine may not reach, so the
 * one for tests is made from the same unpacked app with dpkg-deb.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { build } from 'electron-builder';
import { root } from './bootstrap.mjs';
import { TEST_ELECTRON_VERSION, testElectron } from './test-electron.mjs';

const DEB_DEPENDS =
  'libgtk-3-0, libnotify4, libnss3, libatspi2.0-0, libgbm1, libasound2, libsecret-1-0';

function readVersion() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

/**
 * Pack the app on the test Electron into `output`.
 *
 * @param {string} output
 * @returns {Promise<string>} the folder of the unpacked app
 */
export async function packForTests(output) {
  await build({
    projectDir: root,
    dir: true,
    config: {
      extends: join(root, 'electron-builder.yml'),
      electronDist: testElectron(),
      electronVersion: TEST_ELECTRON_VERSION,
      directories: { output },
    },
  });
  const unpacked = join(output, 'linux-unpacked');
  // Of Electron's own folder, not of an app.
  rmSync(join(unpacked, 'resources/default_app.asar'), { force: true });
  return unpacked;
}

const DESKTOP_ENTRY = `[Desktop Entry]
Type=Application
Name=Floe
Comment=Keeps folders on Walrus
Exec=/opt/Floe/floe-desktop %U
Icon=floe
Categories=Utility;
MimeType=x-scheme-handler/floe;
StartupWMClass=Floe
Terminal=false
`;

/**
 * Make a .deb of an unpacked app.
 *
 * @param {string} unpacked
 * @param {string} output
 * @returns {string} its path
 */
export function makeDeb(unpacked, output) {
  const tree = join(output, 'deb-tree');
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['DEBIAN', 'opt', 'usr/bin', 'usr/share/applications']) {
    mkdirSync(join(tree, folder), { recursive: true, mode: 0o755 });
  }
  cpSync(unpacked, join(tree, 'opt/Floe'), { recursive: true });
  // For kernels that allow no user namespaces; whoever installs this is root.
  chmodSync(join(tree, 'opt/Floe/chrome-sandbox'), 0o4755);
  symlinkSync('/opt/Floe/floe-desktop', join(tree, 'usr/bin/floe-desktop'));
  writeFileSync(join(tree, 'usr/share/applications/floe.desktop'), DESKTOP_ENTRY);
  for (const size of [16, 32, 48, 64, 128, 256, 512]) {
    const name = `${size}x${size}`;
    const folder = join(tree, `usr/share/icons/hicolor/${name}/apps`);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    cpSync(join(root, `assets/icons/${name}.png`), join(folder, 'floe.png'));
  }
  const version = readVersion();
  const control = {
    Package: 'floe-desktop',
    Version: version,
    Architecture: 'amd64',
    Maintainer: 'Floe',
    Section: 'utils',
    Priority: 'optional',
    Depends: DEB_DEPENDS,
    Description: 'Keeps folders on Walrus, encrypted and erasure-coded',
  };
  const lines = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(tree, 'DEBIAN/control'), lines.join(''));
  const deb = join(output, `floe-desktop_${version}_amd64.deb`);
  // Fast: it is for installing, not for shipping.
  const args = ['-Zgzip', '-z1', '--root-owner-group', '--build', tree, deb];
  execFileSync('dpkg-deb', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(tree, { recursive: true });
  return deb;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  execFileSync(process.execPath, [join(root, 'scripts/bundles.mjs')], { stdio: 'inherit' });
  if (process.argv.includes('--for-tests')) {
    const output = join(root, 'dist/packages');
    const unpacked = await packForTests(output);
    process.stdout.write(`${unpacked}\n${makeDeb(unpacked, output)}\n`);
  } else {
    await build({ projectDir: root, config: join(root, 'electron-builder.yml') });
  }
}
