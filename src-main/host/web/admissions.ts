/**
 * @file Who may use the window in a browser: one-time codes, and the sessions that they became.
 *
 * A session is a cookie and a token; see contract/browser-wire.ts for why both. They are random, and
 * only their digests are kept, in browser.json (0600) of the home, so that a page stays let in when
 * the engine has crashed. They end in order with it: while nobody of ours holds the port, somebody
 * else could, and a page would show its cookie and its token there.
 */
import * as v from 'valibot';
import type { AbsolutePath, HomeFiles } from '#engine/ports/file-system.ts';
import type { Clock, Random } from '#engine/ports/ports.ts';
import { digestOf, isSecret } from '../conversation.ts';

/** Long enough to walk to another window, or to copy a link. */
export const CODE_MS = 10 * 60_000;
const CODES_MAX = 4;
const SESSION_MS = 30 * 24 * 60 * 60_000;
const SESSIONS_MAX = 16;
const SECRET_BYTES = 32;
const FILE_BYTES_MAX = 65_536;

const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const recordSchema = v.object({
  port: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(65_535))),
  sessions: v.pipe(
    v.array(v.object({ cookie: digest, token: digest, beganAtMs: v.number() })),
    v.maxLength(SESSIONS_MAX),
  ),
});

type AdmissionRecord = v.InferOutput<typeof recordSchema>;
export type Session = AdmissionRecord['sessions'][number];

export interface AdmissionsOptions {
  readonly files: HomeFiles;
  /** browser.json of the home. */
  readonly place: AbsolutePath;
  readonly clock: Clock;
  readonly random: Random;
}

export class Admissions {
  readonly #options: AdmissionsOptions;
  #codes: { readonly digest: Buffer; readonly endsAtMs: number }[] = [];
  #sessions: readonly Session[];
  /** Where the window was served last; sessions are bound to the port by their browser. */
  port: number | undefined;

  private constructor(options: AdmissionsOptions, record: AdmissionRecord | undefined) {
    this.#options = options;
    this.#sessions = record?.sessions ?? [];
    this.port = record?.port;
  }

  /** What an earlier run has kept; a file that makes no sense lets nobody in. */
  static async read(options: AdmissionsOptions): Promise<Admissions> {
    const bytes = await options.files.readFile(options.place, FILE_BYTES_MAX);
    if (bytes === undefined) return new Admissions(options, undefined);
    try {
      const json: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      const parsed = v.safeParse(recordSchema, json);
      return new Admissions(options, parsed.success ? parsed.output : undefined);
    } catch {
      return new Admissions(options, undefined);
    }
  }

  /** A code that lets one browser in, once, for some minutes. */
  issueCode(): string {
    const code = this.#secret();
    const endsAtMs = this.#options.clock.nowMs() + CODE_MS;
    this.#codes = [...this.#codes, { digest: digestOf(code), endsAtMs }].slice(-CODES_MAX);
    return code;
  }

  /** A session for a code; undefined when the code is not good, or no longer. */
  async admit(
    code: string,
  ): Promise<{ readonly cookie: string; readonly token: string } | undefined> {
    const nowMs = this.#options.clock.nowMs();
    const found = this.#codes.find((one) => isSecret(code, one.digest));
    if (!found || found.endsAtMs <= nowMs) return undefined;
    // Spent before anything is awaited: two requests with one code get one session.
    this.#codes = this.#codes.filter((one) => one !== found);
    const session = { cookie: this.#secret(), token: this.#secret() };
    this.#sessions = [
      ...this.#sessions,
      { cookie: hexDigest(session.cookie), token: hexDigest(session.token), beganAtMs: nowMs },
    ].slice(-SESSIONS_MAX);
    await this.keep();
    return session;
  }

  /** The session of a cookie, if it is one. */
  sessionOf(cookie: string | undefined): Session | undefined {
    if (cookie === undefined) return undefined;
    const oldestMs = this.#options.clock.nowMs() - SESSION_MS;
    return this.#sessions.find(
      (one) => isSecret(cookie, Buffer.from(one.cookie, 'hex')) && one.beganAtMs > oldestMs,
    );
  }

  /** Nobody is let in any more without a new code. */
  async endSessions(): Promise<void> {
    this.#sessions = [];
    await this.keep();
  }

  /** Write down the port and the sessions. */
  async keep(): Promise<void> {
    const { files, place } = this.#options;
    const record = { port: this.port, sessions: this.#sessions };
    await files.writeFileDurable(place, Buffer.from(`${JSON.stringify(record)}\n`));
  }

  #secret(): string {
    return Buffer.from(this.#options.random.bytes(SECRET_BYTES)).toString('base64url');
  }
}

const hexDigest = (text: string): string => digestOf(text).toString('hex');

/** Whether `token` belongs to the session. */
export const isTokenOf = (session: Session, token: string): boolean =>
  isSecret(token, Buffer.from(session.token, 'hex'));
