/**
 * @file The desktop app's main process, from the first line to `ready`. Order matters here.
 *
 * One app for each home: what Chromium keeps lies in the home, and whoever starts a second one on it
 * brings the first to the front.
 */
import { mkdirSync } from 'node:fs';
import { app } from 'electron';
import { declareAppScheme } from './app-protocol.ts';
import { LINK_SCHEME } from './deep-link.ts';
import { guardAllContents } from './guards.ts';
import { HIDDEN_ARGUMENT } from './login-item.ts';
import { findPlaces } from './places.ts';
import { Shell } from './shell.ts';

const args = process.argv.slice(1);
const places = findPlaces({
  appPath: app.getAppPath(),
  resources: app.isPackaged ? process.resourcesPath : undefined,
  platform: process.platform,
});
// In a checkout the first argument names the app's folder.
const command = [process.execPath, ...(app.isPackaged ? [] : [app.getAppPath()])];

mkdirSync(places.userData, { recursive: true, mode: 0o700 });
app.setPath('userData', places.userData);
// As root Chromium has no sandbox, says so, and wants to be told that this is meant.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
declareAppScheme();
guardAllContents();

let shell: Shell | undefined;
/** macOS tells of a link before the app is ready. */
const earlyLinks: string[] = [];

app.on('open-url', (event, link) => {
  event.preventDefault();
  if (shell) shell.open([link]);
  else earlyLinks.push(link);
});

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, given) => shell?.open(given));
  app.on('activate', () => shell?.open([]));
  // The tray and the engine go on without a window.
  app.on('window-all-closed', () => undefined);
  app.on('before-quit', (event) => {
    if (!shell || shell.isQuitting) return;
    event.preventDefault();
    void shell.askToQuit();
  });
  void app.whenReady().then(() => {
    // Only now: Electron sets handlers of its own before, which would ask a question.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => void shell?.quit());
    }
    if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME);
    shell = new Shell({
      places,
      isHidden: args.includes(HIDDEN_ARGUMENT),
      args: [...args, ...earlyLinks],
      command,
    });
  });
} else {
  app.quit();
}
