/**
 * @file What only the desktop shell can do for the UI. In a browser it is absent, and the UI has
 * another way for each: a folder list, a download, a link.
 */
import type { Screen } from './shell-bridge.ts';

export interface ShellApi {
  /** The native folder dialog. Undefined when it was closed. */
  chooseFolder(request: { readonly title: string }): Promise<{ readonly path: string | undefined }>;
  /** A native save dialog; the shell writes the text, 0600. */
  saveText(request: {
    readonly fileName: string;
    readonly text: string;
  }): Promise<{ readonly path: string | undefined }>;
  /** A native open dialog for a recovery kit; at most 64 KiB are read. */
  openText(request: { readonly title: string }): Promise<{ readonly text: string | undefined }>;
  /** Print a self-contained page in a window of its own that runs no script. */
  printPage(request: { readonly html: string }): Promise<void>;
  /** Only https, only the explorers that explorers.ts lists. */
  openExternal(request: { readonly url: string }): Promise<void>;
  /** Show a restored folder in the file manager. */
  showFolder(request: { readonly path: string }): Promise<void>;
  /** Secrets leave the clipboard again after 30 s, if they are still there. */
  copySecret(request: { readonly text: string }): Promise<void>;
  /** Quit the app and its engine; the confirmation has been given in the window. */
  quit(request: Record<string, never>): Promise<void>;
}

/** What the shell tells the UI. */
export type ShellEvent =
  { readonly kind: 'open-screen'; readonly screen: Screen } | { readonly kind: 'quit-asked' };

/**
 * What the preload puts on the window as `floeShell`. It is a wire and decides nothing.
 *
 * A MessagePort cannot cross the context bridge, so it comes as a `message` event of the window
 * itself, with `SHELL_PORT_MESSAGE` as its data and the port in `ports[0]`. The port carries the
 * texts of wire.ts, without `hello`. After the engine has gone the shell sends a new port of its
 * own accord once it is back; a port whose engine went gets `SHELL_PORT_CLOSED` as its last message.
 */
export interface ShellBridge {
  readonly api: ShellApi;
  onEvent(listener: (event: ShellEvent) => void): () => void;
  /** Ask for a port: the window has loaded and listens. */
  askForPort(): void;
}

export const SHELL_PORT_MESSAGE = 'floe-port';
export const SHELL_PORT_CLOSED = 'floe-port-closed';
