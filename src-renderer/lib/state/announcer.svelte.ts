/** @file What is said to a screen reader: changes politely, problems at once, progress now and then. */

/** Hearing more often than this is noise. */
const PROGRESS_EVERY_MS = 10_000;

export class Announcer {
  politeText = $state('');
  assertiveText = $state('');
  readonly #progressAt = new Map<string, number>();

  /**
   * Say how things stand now. Gives a function that takes it back: whoever comes to the region later
   * reads no state that has passed.
   */
  state(text: string, isProblem: boolean): () => void {
    if (isProblem) this.assertiveText = text;
    else this.politeText = text;
    return () => {
      if (this.assertiveText === text) this.assertiveText = '';
      if (this.politeText === text) this.politeText = '';
    };
  }

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
