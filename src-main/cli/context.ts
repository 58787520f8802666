/**
 * @file What every command shares: where the home is, how to print, how to stop, how to fail.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { EngineConnection } from '#contract/api.ts';
import { errorCodes, EXIT, type ExitCode, type SerializedError } from '#contract/errors.ts';
import { isAbort, serializeError } from '#engine/model/engine-error.ts';
import { connectEngine } from '#host/connect.ts';
import { defaultHome } from '#host/home.ts';
import { ProgressLine } from './progress.ts';
import { jsonText } from './text.ts';

export interface CommandContext {
  readonly home: string;
  readonly passphraseFile: string | undefined;
  readonly isJson: boolean;
  /** Aborted by Ctrl-C and by `kill`. */
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
  /** Print the command's result: `json` with --json, else `lines` (nothing else goes to stdout). */
  print(json: unknown, lines: readonly string[]): void;
  /** Say something that is not the result: stderr, nothing with --json. */
  note(line: string): void;
}

interface GlobalOptions {
  readonly home?: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** A terminal, npm and a parent may each pass the same Ctrl-C on: what comes at once is one. */
const SIGNAL_ECHO_MS = 1_000;

/** The exit code is kept until the end, so that output is flushed first. */
export type Outcome = ExitCode | undefined;

/**
 * Run a command's body: build its context, print its error, set the exit code.
 *
 * A second Ctrl-C ends the process at once; the journal makes that safe.
 */
export async function runCommand(
  command: Command,
  body: (context: CommandContext) => Promise<Outcome>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const controller = new AbortController();
  let stoppedAtMs = 0;
  const stop = (): void => {
    const nowMs = performance.now();
    if (!controller.signal.aborted) {
      stoppedAtMs = nowMs;
      controller.abort();
    } else if (nowMs - stoppedAtMs > SIGNAL_ECHO_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const isJson = options.json === true;
  const context: CommandContext = {
    home: resolve(options.home ?? process.env['FLOE_HOME'] ?? defaultHome()),
    passphraseFile: options.passphraseFile ?? process.env['FLOE_PASSPHRASE_FILE'],
    isJson,
    signal: controller.signal,
    progress: new ProgressLine(process.stderr),
    print: (json, lines) => {
      process.stdout.write(isJson ? `${jsonText(json)}\n` : `${lines.join('\n')}\n`);
    },
    note: (line) => {
      if (!isJson) process.stderr.write(`${line}\n`);
    },
  };
  try {
    process.exitCode = (await body(context)) ?? EXIT.ok;
  } catch (error) {
    context.progress.end();
    process.exitCode = report(error, isJson, controller.signal.aborted);
  } finally {
    context.progress.end();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** Print an error where the caller looks for it, and give the exit code that follows from it. */
export function report(error: unknown, isJson: boolean, wasInterrupted = false): ExitCode {
  const serialized: SerializedError =
    wasInterrupted && (isAbort(error) || !(error instanceof Error && 'code' in error))
      ? {
          code: 'interrupted',
          message: 'interrupted',
          next: errorCodes.interrupted.next,
          context: {},
        }
      : serializeError(error);
  if (isJson) {
    process.stdout.write(`${jsonText({ error: serialized })}\n`);
  } else {
    process.stderr.write(`floe: ${sentence(serialized.message)}\n      ${serialized.next}\n`);
    if (serialized.code === 'internal' && error instanceof Error) {
      process.stderr.write(`${error.stack ?? ''}\n`);
    }
  }
  return errorCodes[serialized.code].exit;
}

function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * Run `body` against the home's engine: the one that serves the home, else one in this process.
 * Progress events are shown on stderr.
 */
export async function withEngine<T>(
  context: CommandContext,
  body: (connection: EngineConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectEngine({
    home: context.home,
    passphraseFile: context.passphraseFile,
    signal: context.signal,
  });
  const unsubscribe = connection.subscribe((event) => {
    if (event.kind === 'progress') context.progress.show(event);
  });
  try {
    return await body(connection);
  } finally {
    unsubscribe();
    context.progress.end();
    await connection.close();
  }
}
