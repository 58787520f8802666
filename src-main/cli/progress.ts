/**
 * @file One line that tells how far long work has come: bytes, files, rate, time left.
 *
 * On a terminal the line is rewritten in place; elsewhere (a log, CI) a line is printed at most
 * every few seconds. Always stderr, so that stdout stays one result.
 */
import type { ProgressEvent } from '#contract/events.ts';
import { bytesText, countText, durationText } from './text.ts';

const TERMINAL_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 5_000;
/** An estimate from less than this is noise. */
const ESTIMATE_AFTER_MS = 1_000;

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const TASK_TEXT = { scan: 'Scanning', protect: 'Protecting', restore: 'Restoring' } as const;

export class ProgressLine {
  readonly #output: Output;
  #lastShownMs = -Infinity;
  #isOpen = false;

  constructor(output: Output) {
    this.#output = output;
  }

  show(event: ProgressEvent): void {
    const interval = this.#output.isTTY === true ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
    // The event's own clock: the line is drawn as often as time passed in the engine.
    if (event.elapsedMs >= this.#lastShownMs && event.elapsedMs - this.#lastShownMs < interval) {
      return;
    }
    this.#lastShownMs = event.elapsedMs;
    const text = progressText(event);
    if (this.#output.isTTY === true) {
      this.#output.write(`\r\u001b[2K${text.slice(0, (this.#output.columns ?? 80) - 1)}`);
      this.#isOpen = true;
    } else {
      this.#output.write(`${text}\n`);
    }
  }

  /** Remove the line, if there is one, so that other text can follow. */
  end(): void {
    if (this.#isOpen) this.#output.write('\r\u001b[2K');
    this.#isOpen = false;
    this.#lastShownMs = -Infinity;
  }
}

/** The line for an event, without its end. */
export function progressText(event: ProgressEvent): string {
  const { bytesDone, bytesTotal, filesDone, filesTotal, elapsedMs } = event;
  const files =
    filesTotal === undefined
      ? countText(filesDone, 'file')
      : `${filesDone.toLocaleString('en')} of ${countText(filesTotal, 'file')}`;
  const bytes =
    bytesTotal === undefined
      ? bytesText(bytesDone)
      : `${bytesText(bytesDone)} of ${bytesText(bytesTotal)}`;
  const parts = [`${TASK_TEXT[event.task]} ${event.folderName}: ${bytes}, ${files}`];
  if (elapsedMs >= ESTIMATE_AFTER_MS && bytesDone > 0) {
    const perMs = bytesDone / elapsedMs;
    parts.push(`${bytesText(perMs * 1_000)}/s`);
    if (bytesTotal !== undefined && bytesTotal > bytesDone) {
      parts.push(`${durationText((bytesTotal - bytesDone) / perMs)} left`);
    }
  }
  return parts.join(', ');
}
