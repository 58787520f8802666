/**
 * @file What a home answers before there is a vault in it, and around it: setting up, unlocking,
 * settings. Served by the host, not by the engine. Until `home` says `open` everything of EngineApi
 * answers `home-not-initialised`, `home-locked`, or the problem with which the home has failed; while
 * it is `opening` the answer waits.
 */
import type { CallOptions } from './api.ts';
import type { SerializedError } from './errors.ts';
import type { UploadWish } from './task-api.ts';

export interface HomeState {
  /** `locked`: the words cannot be read yet (keychain locked, passphrase wanted). */
  readonly state: 'empty' | 'locked' | 'opening' | 'open' | 'failed';
  readonly path: string;
  readonly version: string;
  /** Undefined while empty. */
  readonly networkName: string | undefined;
  readonly isTryOut: boolean;
  readonly isKitConfirmed: boolean;
  /** How it is unlocked while `locked`. */
  readonly unlockWith: 'keychain' | 'passphrase' | undefined;
  readonly problem: SerializedError | undefined;
}

export interface NetworkOffer {
  readonly name: 'local' | 'testnet' | 'mainnet';
  /** Undefined until it was asked, or it doesn't answer. */
  readonly facts:
    | {
        readonly epochDurationMs: number;
        readonly epochsAheadMax: number;
        readonly storageFrostPerMib: bigint;
        readonly writeFrostPerMib: bigint;
        readonly shardCount: number;
      }
    | undefined;
  readonly problem: SerializedError | undefined;
}

/** Words under way: held by the host, for minutes, until the vault is set up or they are dropped. */
export interface WordsDraft {
  readonly draftId: string;
  readonly words: readonly string[];
  /** Positions (from 0) that must be typed back. */
  readonly askBack: readonly number[];
}

export interface FoundVault {
  readonly draftId: string;
  readonly deviceCount: number;
  readonly folders: readonly {
    readonly folderId: string;
    readonly name: string;
    readonly fileCount: number;
    readonly sizeBytes: number;
    readonly newestAtMs: number | undefined;
    readonly protectedUntilMs: number | undefined;
  }[];
}

/** Where the words are kept on this machine. */
export type SecretPlace =
  | { readonly kind: 'keychain' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** Try-out network only: a random passphrase in a declared 0600 file. */
  | { readonly kind: 'try-out' };

export interface AppSettings {
  readonly language: 'system' | 'en' | 'de';
  readonly theme: 'system' | 'light' | 'dark';
  readonly startAtLogin: boolean;
  readonly pauseOnMetered: boolean;
  readonly pauseOnBattery: boolean;
  readonly notifyProblems: boolean;
  /** See UploadWish. */
  readonly upload: UploadWish['way'];
  readonly uploadTipMaxMist: number;
}

export interface HomeApi {
  home(request: Record<string, never>, options?: CallOptions): Promise<HomeState>;
  networks(request: Record<string, never>, options?: CallOptions): Promise<readonly NetworkOffer[]>;
  /** Start (or join) the network embedded on this computer. */
  startTryOut(request: Record<string, never>, options?: CallOptions): Promise<NetworkOffer>;
  /** New words. Asking again drops the earlier ones. */
  makeWords(request: Record<string, never>, options?: CallOptions): Promise<WordsDraft>;
  /** An answer for each position of `askBack`, in its order. `wrong` are positions again. */
  confirmWords(
    request: { readonly draftId: string; readonly answers: readonly string[] },
    options?: CallOptions,
  ): Promise<{ readonly isRight: boolean; readonly wrong: readonly number[] }>;
  /** The recovery kit as text and as a page to print (self-contained HTML with a QR code). */
  recoveryKit(
    request: { readonly draftId: string; readonly network: string },
    options?: CallOptions,
  ): Promise<{ readonly fileName: string; readonly text: string; readonly html: string }>;
  /**
   * A kit that was saved, read again: whether it holds the draft's (or this vault's) words. Right
   * once, the draft counts as confirmed. Text that is no kit and no words is `words-invalid`.
   */
  checkKit(
    request: { readonly draftId?: string; readonly text: string },
    options?: CallOptions,
  ): Promise<{ readonly isRight: boolean }>;
  /** What words (or a kit's text) open on a network. A wrong word is named. */
  findVault(
    request: { readonly words: string; readonly network: string },
    options?: CallOptions,
  ): Promise<FoundVault>;
  setUp(
    request: {
      readonly draftId: string;
      readonly network: string;
      readonly secretPlace: SecretPlace;
      /** Words that open nothing make a new vault only when this says so. */
      readonly mayStartEmpty: boolean;
    },
    options?: CallOptions,
  ): Promise<HomeState>;
  /** Try the keychain again, or give the passphrase. Also tries again what has `failed`. */
  unlock(request: { readonly passphrase?: string }, options?: CallOptions): Promise<HomeState>;
  /** Which secret stores work on this machine now. */
  secretPlaces(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<
    readonly { readonly kind: SecretPlace['kind']; readonly problem: string | undefined }[]
  >;
  settings(request: Record<string, never>, options?: CallOptions): Promise<AppSettings>;
  updateSettings(request: Partial<AppSettings>, options?: CallOptions): Promise<AppSettings>;
  licences(
    request: Record<string, never>,
    options?: CallOptions,
  ): Promise<
    readonly { readonly name: string; readonly version: string; readonly licence: string }[]
  >;
}

/** A browser's way in; see browser-wire.ts. */
export interface BrowserAdmission {
  /** Where the window is served. Holds no secret. */
  readonly url: string;
  /** Good once, for some minutes. */
  readonly code: string;
  /** A page of the home (0600) that leads a browser to `url` with the code. */
  readonly page: string;
}

/** What the home's own socket answers besides, to the command line and the shell; never to a page. */
export interface HostApi {
  /** Serve the window to browsers of this computer, if it is not yet, and let one more of them in. */
  admitBrowser(
    request: { readonly port?: number },
    options?: CallOptions,
  ): Promise<BrowserAdmission>;
}
