/** @file The one window: made when it is wanted, gone when it is closed, so that idling costs little. */
import { BrowserWindow, nativeTheme } from 'electron';
import type { ShellEvent } from '#contract/shell-api.ts';
import { APP_ORIGIN } from './page-files.ts';
import { WEB_PREFERENCES } from './guards.ts';
import { trustWindow } from './ipc.ts';
import type { Places } from './places.ts';

const PAGE_URL = `${APP_ORIGIN}/index.html`;
const SIZE = { width: 1_120, height: 760, minWidth: 720, minHeight: 520 };
/** The paper of both themes, so that the window does not flash before the page is there. */
const PAPER = { light: '#f7fafb', dark: '#0d1a21' };

export interface MainWindow {
  /** Make it, or bring it to the front. Events that it missed are told once it listens. */
  show(event?: ShellEvent): void;
  /** Show it without taking the focus; for desktops that have no tray to find Floe in. */
  showMinimized(): void;
  setProgress(fraction: number | undefined): void;
}

export function mainWindow(
  places: Places,
  options: {
    readonly quit: () => void;
    /** Whether closing it only minimises it, because nothing else would show that Floe runs. */
    readonly keepsWindow: () => boolean;
    readonly isQuitting: () => boolean;
  },
): MainWindow {
  let window: BrowserWindow | undefined;

  const open = (): BrowserWindow => {
    const made = new BrowserWindow({
      ...SIZE,
      show: false,
      title: 'Floe',
      icon: places.appIcon,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? PAPER.dark : PAPER.light,
      webPreferences: { ...WEB_PREFERENCES, preload: places.preload },
    });
    trustWindow(made, options.quit);
    made.on('close', (event) => {
      if (options.isQuitting() || !options.keepsWindow()) return;
      event.preventDefault();
      made.minimize();
    });
    made.on('closed', () => {
      if (window === made) window = undefined;
    });
    // A renderer that died takes nothing with it: the page starts anew and asks again.
    made.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit' && !made.isDestroyed()) made.webContents.reload();
    });
    // No guard is asked before a page goes to about:blank, so it is brought back from there.
    made.webContents.on('did-navigate', (_event, url) => {
      if (!url.startsWith(`${APP_ORIGIN}/`)) void made.loadURL(PAGE_URL);
    });
    void made.loadURL(PAGE_URL);
    return made;
  };

  const tell = (event: ShellEvent): void => window?.webContents.send('floe:shell-event', event);

  return {
    show: (event) => {
      const isNew = window === undefined;
      const shown = (window ??= open());
      const present = (): void => {
        if (shown.isDestroyed()) return;
        if (shown.isMinimized()) shown.restore();
        shown.show();
        shown.focus();
      };
      if (isNew) shown.once('ready-to-show', present);
      else present();
      if (!event) return;
      if (isNew) shown.webContents.once('did-finish-load', () => tell(event));
      else tell(event);
    },
    showMinimized: () => {
      window ??= open();
      window.minimize();
    },
    setProgress: (fraction) => window?.setProgressBar(fraction ?? -1),
  };
}
