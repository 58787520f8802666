/**
 * @file Log lines: one JSON object a line, on a stream or in a file of bounded size.
 *
 * Callers log counts, sizes, identifiers of blobs and codes; never names, paths, keys or words.
 * As a second line of defence a field whose value looks like one of those is replaced before it
 * is written: text with a path separator in it, and text that is too long for an identifier.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Logger } from '#engine/ports/ports.ts';

/** A log file is renamed to `.1` when it has reached this size; one older file is kept. */
export const LOG_FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Longer than any identifier: `0x` and 64 hex digits. */
const FIELD_CHARACTERS_MAX = 80;
const REDACTED = '[left out]';

/** Where finished lines go, each with its line feed. */
export type LineSink = (line: string) => void;

type Fields = Readonly<Record<string, string | number | boolean>>;

/** A logger that writes JSON lines to `sink`. */
export function openLogger(clock: Clock, sink: LineSink): Logger {
  const write = (level: 'info' | 'warn', message: string, fields: Fields = {}): void => {
    const line: Record<string, unknown> = {
      at: new Date(clock.nowMs()).toISOString(),
      level,
      message,
    };
    for (const [name, value] of Object.entries(fields)) {
      if (!Object.hasOwn(line, name)) line[name] = redact(value);
    }
    sink(`${JSON.stringify(line)}\n`);
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
  };
}

function redact(value: string | number | boolean): string | number | boolean {
  if (typeof value !== 'string') return value;
  const isSuspect = value.length > FIELD_CHARACTERS_MAX || /[/\\\s]/.test(value);
  return isSuspect ? REDACTED : value;
}

/** Lines to standard error. */
export const standardErrorSink: LineSink = (line) => {
  process.stderr.write(line);
};

/** Lines to a file of mode 0600. A log that can't be written is no reason to stop working. */
export function openLogFile(path: string, bytesMax = LOG_FILE_BYTES_MAX): LogFile {
  return new LogFile(path, bytesMax);
}

export class LogFile {
  readonly #path: string;
  readonly #bytesMax: number;
  #fd: number | undefined;
  #sizeBytes = 0;

  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  readonly sink: LineSink = (line) => {
    try {
      const bytes = Buffer.from(line);
      if (this.#sizeBytes + bytes.length > this.#bytesMax) this.#rotate();
      writeSync(this.#open(), bytes);
      this.#sizeBytes += bytes.length;
    } catch {
      this.close();
    }
  };

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    if (this.#fd !== undefined) return this.#fd;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#sizeBytes = statSync(this.#path).size;
    return this.#fd;
  }

  #rotate(): void {
    this.close();
    if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.1`);
    this.#sizeBytes = 0;
  }
}
