/**
 * @file The way into the window for browsers, shut until somebody asks: starts the browser shell,
 * hands out one-time codes, and leaves a page in the home that leads a browser in.
 *
 * The page is there so that a browser can be started without a secret among its arguments, which
 * every user of the computer can read.
 */
import type { BrowserAdmission } from '#contract/home-api.ts';
import { ADMISSION_FRAGMENT } from '#contract/browser-wire.ts';
import { EngineError } from '#engine/model/engine-error.ts';
import { absolutePath, absolutePathText, pathBelow } from '#engine/ports/file-system.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { systemClock } from '#platform/system-clock.ts';
import { systemRandom } from '#platform/system-random.ts';
import type { Answering } from '../conversation.ts';
import type { HomePaths } from '../home.ts';
import { Admissions } from './admissions.ts';
import { serveBrowsers, type BrowserShell } from './browser-shell.ts';
import { readPages } from './pages.ts';

const RECORD_FILE = 'browser.json';
const PAGE_FILE = 'open-floe.html';

export interface BrowserDoorOptions {
  readonly paths: HomePaths;
  readonly answering: Answering;
  /** Where the built window is. */
  readonly pagesFolder: string;
}

interface OpenDoor {
  readonly shell: BrowserShell;
  readonly admissions: Admissions;
}

export class BrowserDoor {
  readonly #options: BrowserDoorOptions;
  readonly #files = openFileSystem();
  #door: Promise<OpenDoor> | undefined;

  constructor(options: BrowserDoorOptions) {
    this.#options = options;
  }

  /**
   * Serve browsers, if they are not served yet, and let one more of them in. Without a port it is
   * the one of last time, where pages are still let in.
   *
   * @throws EngineError `ui-not-built`, `port-taken`, or `usage` when another port is served
   */
  async admit(port: number | undefined): Promise<BrowserAdmission> {
    this.#door ??= this.#open(port);
    let door: OpenDoor;
    try {
      door = await this.#door;
    } catch (error) {
      this.#door = undefined;
      throw error;
    }
    const { shell, admissions } = door;
    if (port !== undefined && port !== 0 && port !== shell.port) {
      const message = `the window is served on port ${String(shell.port)} already`;
      throw new EngineError('usage', message);
    }
    const url = `http://127.0.0.1:${String(shell.port)}/`;
    const code = admissions.issueCode();
    await this.#files.writeFileDurable(this.#page, Buffer.from(pageText(url, code)));
    return { url, code, page: absolutePathText(this.#page) };
  }

  async close(): Promise<void> {
    const door = await this.#door?.catch(() => undefined);
    this.#files.removeFile(this.#page);
    await door?.admissions.endSessions();
    await door?.shell.close();
  }

  get #page() {
    return pathBelow(this.#options.paths.root, PAGE_FILE);
  }

  async #open(port: number | undefined): Promise<OpenDoor> {
    const { answering, pagesFolder, paths } = this.#options;
    const pages = await readPages(this.#files, absolutePath(pagesFolder));
    const place = pathBelow(paths.root, RECORD_FILE);
    const ports = { files: this.#files, clock: systemClock, random: systemRandom };
    const admissions = await Admissions.read({ ...ports, place });
    const serve = (wanted: number): Promise<BrowserShell> =>
      serveBrowsers({
        answering,
        admissions,
        pages,
        port: wanted,
        clock: systemClock,
        onAdmitted: () => this.#files.removeFile(this.#page),
      });
    const last = admissions.port;
    const shell = await (
      port === undefined ? serve(last ?? 0).catch(() => serve(0)) : serve(port)
    ).catch((cause: unknown) => {
      throw new EngineError('port-taken', `port ${String(port)} cannot be listened on`, { cause });
    });
    admissions.port = shell.port;
    // Whoever holds the port of last time may have seen what pages show there.
    if (shell.port === last) await admissions.keep();
    else await admissions.endSessions();
    return { shell, admissions };
  }
}

/** The code is in the fragment, which is never sent; the file is for its owner alone. */
const pageText = (url: string, code: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${url}#${ADMISSION_FRAGMENT}=${code}">
<title>Floe</title>
</head>
<body><a href="${url}#${ADMISSION_FRAGMENT}=${code}">Open Floe</a></body>
</html>
`;
