/** @file What a person wishes of this home: settings.json in it, 0600. Nothing secret, no policy. */
import * as v from 'valibot';
import type { AppSettings } from '#contract/home-api.ts';
import { settingsFields } from '#contract/home-methods.ts';
import type { UploadWish } from '#contract/task-api.ts';
import { pathBelow, type FileSystem } from '#engine/ports/file-system.ts';
import type { Clock } from '#engine/ports/ports.ts';
import { setAside, type HomePaths } from './home.ts';

const SETTINGS_FILE = 'settings.json';
const SETTINGS_BYTES_MAX = 65_536;

export const DEFAULT_SETTINGS: AppSettings = {
  language: 'system',
  theme: 'system',
  startAtLogin: false,
  pauseOnMetered: true,
  pauseOnBattery: false,
  notifyProblems: true,
  upload: 'auto',
  // A hundredth of a SUI for a pack.
  uploadTipMaxMist: 10_000_000,
};

/** How packs go to the storage nodes, as the engine is told. */
export const uploadWish = ({ upload, uploadTipMaxMist }: AppSettings): UploadWish => ({
  way: upload,
  tipMaxMist: uploadTipMaxMist,
});

/** A field that is missing has its default, so that a later release may have more of them. */
const settingsFile = v.object({
  language: v.optional(settingsFields.language, DEFAULT_SETTINGS.language),
  theme: v.optional(settingsFields.theme, DEFAULT_SETTINGS.theme),
  startAtLogin: v.optional(settingsFields.startAtLogin, DEFAULT_SETTINGS.startAtLogin),
  pauseOnMetered: v.optional(settingsFields.pauseOnMetered, DEFAULT_SETTINGS.pauseOnMetered),
  pauseOnBattery: v.optional(settingsFields.pauseOnBattery, DEFAULT_SETTINGS.pauseOnBattery),
  notifyProblems: v.optional(settingsFields.notifyProblems, DEFAULT_SETTINGS.notifyProblems),
  upload: v.optional(settingsFields.upload, DEFAULT_SETTINGS.upload),
  uploadTipMaxMist: v.optional(settingsFields.uploadTipMaxMist, DEFAULT_SETTINGS.uploadTipMaxMist),
});

export class Settings {
  readonly #files: FileSystem;
  readonly #paths: HomePaths;
  readonly #clock: Clock;
  #known: AppSettings | undefined;
  /** One change after the other: each is written before the next is read. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: FileSystem, paths: HomePaths, clock: Clock) {
    this.#files = files;
    this.#paths = paths;
    this.#clock = clock;
  }

  /** What is set, or the defaults. A file that makes no sense is kept aside. */
  async read(): Promise<AppSettings> {
    this.#known ??= await this.#readFile();
    return this.#known;
  }

  update(change: Partial<AppSettings>): Promise<AppSettings> {
    const mine = this.#last.then(async () => {
      const next = { ...(await this.read()), ...change };
      const text = `${JSON.stringify(next, undefined, 2)}\n`;
      this.#files.ensureDirectory(this.#paths.root);
      await this.#files.writeFileDurable(this.#place(), Buffer.from(text));
      this.#known = next;
      return next;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #readFile(): Promise<AppSettings> {
    const bytes = await this.#files.readFile(this.#place(), SETTINGS_BYTES_MAX);
    if (bytes === undefined) return DEFAULT_SETTINGS;
    const parsed = v.safeParse(settingsFile, jsonOf(bytes));
    if (parsed.success) return parsed.output;
    setAside(this.#files, this.#paths, [SETTINGS_FILE], this.#clock.nowMs());
    return DEFAULT_SETTINGS;
  }

  #place() {
    return pathBelow(this.#paths.root, SETTINGS_FILE);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
