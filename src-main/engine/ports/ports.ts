/**
 * @file What the engine needs from the machine, apart from its file system (file-system.ts).
 *
 * Interfaces only. `src-main/platform` makes them real; tests bring their own clock and chance.
 */

/** Time. The only source of it in the engine. */
export interface Clock {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number;
  /** Never goes back; for durations. Milliseconds. */
  monotonicMs(): number;
  /** Resolve after `ms`, or reject with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Chance. Cryptographic quality is required: keys and nonces come from here. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Where secrets lie: a keychain, or a sealed file where there is none. */
export interface SecretStore {
  get(name: string): Promise<Uint8Array | undefined>;
  set(name: string, secret: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Log lines are lower case, with facts as fields. Never secrets, names or paths. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
  warn(message: string, fields?: Readonly<Record<string, string | number | boolean>>): void;
}
