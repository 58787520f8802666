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
  /** Quit the app and its engine. The shell asks first, and names what ends earliest. */
  quit(request: Record<string, never>): Promise<void>;
}

/** What the shell tells the UI. */
export interface ShellEvent {
  readonly kind: 'open-screen';
  readonly screen: Screen;
  /** Of the home that it is about; absent for the one on screen. */
  readonly networkName?: string | undefined;
}
