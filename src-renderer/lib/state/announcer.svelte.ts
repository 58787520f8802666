/** @file What is said to a screen reader: changes politely, problems at once, progress now and then. */

/** Hearing more often than this is noise. */
const PROGRESS_EVERY_MS = 10_000;

export class Announcer {
  politeText = $state('');
  assertiveText = $state('');
  readonly #progressAt = new Map<string, number>();

  polite(text: string): void {
    this.politeText = text;
  }

  assertive(text: string): void {
    this.assertiveText = text;
  }

  /** Said unless the same subject was heard a moment ago. */
  progress(subject: string, text: string): void {
    const nowMs = performance.now();
    const lastMs = this.#progressAt.get(subject);
    if (lastMs !== undefined && nowMs - lastMs < PROGRESS_EVERY_MS) return;
    this.#progressAt.set(subject, nowMs);
    this.politeText = text;
  }
}
