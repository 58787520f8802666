/**
 * @file What no page in this app may do, whichever window it is in.
 *
 * Set once for the session and for every web contents that is ever created, so that a window that
 * somebody adds later has them too: no navigation, no new window, no permission, no download, no
 * network, no embedded view.
 */
import { app, type Session, type WebContents } from 'electron';
import { APP_ORIGIN } from './page-files.ts';

/** Every window's settings. A window may only take more away. */
export const WEB_PREFERENCES = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  safeDialogs: true,
} as const;

export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
  session.webRequest.onBeforeRequest(({ url }, callback) => {
    const isOwn = url.startsWith(`${APP_ORIGIN}/`) || /^(data|blob|devtools):/.test(url);
    callback({ cancel: !isOwn });
  });
}

export function guardAllContents(): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents));
}

function guardContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
