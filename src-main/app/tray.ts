/** @file The tray icon: shows a TrayView, and says which action was clicked. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Menu, nativeImage, nativeTheme, Tray, type NativeImage } from 'electron';
import type { ProtectionState } from '#contract/api.ts';
import type { TrayAction, TrayView } from './tray-menu.ts';

export type TrayTheme = 'light' | 'dark' | 'template';

/** macOS colours a template by itself; GNOME's panel is dark whatever its windows are. */
export function trayTheme(
  platform: NodeJS.Platform,
  desktop: string | undefined,
  isDark: boolean,
): TrayTheme {
  if (platform === 'darwin') return 'template';
  return isDark || /gnome|unity/i.test(desktop ?? '') ? 'dark' : 'light';
}

/** The size that each system's panel has, in its own pixels. */
function traySize(platform: NodeJS.Platform): number {
  return platform === 'linux' ? 22 : 16;
}

export class TrayIcon {
  readonly #folder: string;
  readonly #onAction: (action: TrayAction) => void;
  readonly #tray: Tray;
  #shown = '';
  #state: ProtectionState = 'working';

  constructor(folder: string, onAction: (action: TrayAction) => void) {
    this.#folder = folder;
    this.#onAction = onAction;
    this.#tray = new Tray(this.#image());
    this.#tray.on('click', () => onAction({ kind: 'open', screen: undefined }));
    nativeTheme.on('updated', () => this.#tray.setImage(this.#image()));
  }

  /** Nothing moves unless something happens: what is the same is not set again. */
  show(view: TrayView): void {
    const key = JSON.stringify([view.state, view.sentence, view.items]);
    if (key === this.#shown) return;
    this.#shown = key;
    if (view.state !== this.#state) {
      this.#state = view.state;
      this.#tray.setImage(this.#image());
    }
    this.#tray.setToolTip(`Floe: ${view.sentence}`);
    this.#tray.setContextMenu(this.#menu(view));
  }

  #menu(view: TrayView): Menu {
    return Menu.buildFromTemplate(
      view.items.map((item) => {
        if (item.kind === 'separator') return { type: 'separator' as const };
        if (item.kind === 'text') return { label: item.label, enabled: false };
        const click = (): void => this.#onAction(item.action);
        return { label: item.label, enabled: item.isEnabled, click };
      }),
    );
  }

  #image(): NativeImage {
    const theme = trayTheme(
      process.platform,
      process.env['XDG_CURRENT_DESKTOP'],
      nativeTheme.shouldUseDarkColors,
    );
    const name = `${this.#state}-${theme}-${String(traySize(process.platform))}.png`;
    // Electron finds the `@2x` file beside it.
    const image = nativeImage.createFromPath(join(this.#folder, name));
    if (theme === 'template') image.setTemplateImage(true);
    return image;
  }
}

/**
 * Whether this desktop has a place for a tray icon. Windows and macOS do; on Linux somebody must
 * show status notifiers, and where nobody does, an icon is drawn nowhere without an error.
 */
export async function hasTrayHost(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== 'linux') return true;
  const args = [
    'call',
    '--session',
    '--dest=org.kde.StatusNotifierWatcher',
    '--object-path=/StatusNotifierWatcher',
    '--method=org.freedesktop.DBus.Properties.Get',
    'org.kde.StatusNotifierWatcher',
    'IsStatusNotifierHostRegistered',
  ];
  return new Promise((resolve) => {
    execFile('gdbus', args, { timeout: 5_000 }, (error, stdout) => {
      resolve(error === null && stdout.includes('true'));
    });
  });
}
