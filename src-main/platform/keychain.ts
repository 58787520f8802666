/**
 * @file Secrets in the operating system's keychain.
 *
 * On Linux only the Secret Service counts: without being told so the library would fall back to
 * the kernel's key ring, which forgets everything at the next start. A keychain can exist and be
 * locked, so it is tried by writing, reading back and removing before anything relies on it.
 */
import { execFile } from 'node:child_process';
import type { AsyncEntry } from '@napi-rs/keyring';
import { EngineError } from '#engine/model/engine-error.ts';
import type { Random, SecretStore } from '#engine/ports/ports.ts';

const ENTRY_OPTIONS = { linux: { store: 'secret-service' } } as const;
const PROBE_NAME = 'probe';
const PROBE_BYTES = 16;

/** Makes the entry of a service and a name. Tests bring their own keychain. */
export type OpenEntry = (
  service: string,
  name: string,
) => Pick<AsyncEntry, 'setSecret' | 'getSecret' | 'deleteCredential'>;

/**
 * Open the keychain under a service name that is this home's own.
 *
 * Unless `isTried` is false it is tried by writing, which may make the system ask the person to
 * unlock it. Throws `secret-store-unavailable` when there is none, or when it stays locked.
 */
export async function openKeychain(options: {
  readonly service: string;
  readonly random: Random;
  readonly isTried?: boolean;
  readonly openEntry?: OpenEntry;
}): Promise<SecretStore> {
  const openEntry = options.openEntry ?? (await systemEntries());
  const store = new Keychain(options.service, openEntry);
  if (options.isTried === false) return store;
  const probe = options.random.bytes(PROBE_BYTES);
  await store.set(PROBE_NAME, probe);
  const readBack = await store.get(PROBE_NAME);
  if (!readBack || Buffer.compare(probe, readBack) !== 0) {
    throw unavailable('the keychain did not return what was written to it');
  }
  await store.delete(PROBE_NAME);
  return store;
}

/** Time for a bus to answer; a keychain that takes longer is one of which nothing is known. */
const BUS_MS = 5_000;
const LOCKED_QUERY: readonly string[] = [
  'call',
  '--session',
  ...['--dest', 'org.freedesktop.secrets'],
  ...['--object-path', '/org/freedesktop/secrets/aliases/default'],
  ...['--method', 'org.freedesktop.DBus.Properties.Get'],
  ...['org.freedesktop.Secret.Collection', 'Locked'],
];

/**
 * Whether the system's keychain is locked, without anybody being asked to unlock it. Undefined where
 * that cannot be told: no Secret Service, or no `gdbus` to ask it with.
 */
export async function isKeychainLocked(): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return undefined;
  return new Promise((resolve) => {
    execFile('gdbus', LOCKED_QUERY, { timeout: BUS_MS }, (error, answer) => {
      const value = error ? undefined : /^\(<(true|false)>,\)/.exec(answer)?.[1];
      resolve(value === undefined ? undefined : value === 'true');
    });
  });
}

/** Loaded when needed: where the library has no build, the machine still has sealed files. */
async function systemEntries(): Promise<OpenEntry> {
  try {
    const { AsyncEntry } = await import('@napi-rs/keyring');
    return (service, name) => new AsyncEntry(service, name, ENTRY_OPTIONS);
  } catch (cause) {
    throw unavailable('this system has no keychain that Floe can use', cause);
  }
}

class Keychain implements SecretStore {
  readonly #service: string;
  readonly #openEntry: OpenEntry;

  constructor(service: string, openEntry: OpenEntry) {
    this.#service = service;
    this.#openEntry = openEntry;
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const secret = await this.#call(name, (entry) => entry.getSecret());
    return secret ? Uint8Array.from(secret) : undefined;
  }

  async set(name: string, secret: Uint8Array): Promise<void> {
    await this.#call(name, (entry) => entry.setSecret(secret));
  }

  async delete(name: string): Promise<void> {
    await this.#call(name, (entry) => entry.deleteCredential());
  }

  async #call<T>(name: string, call: (entry: ReturnType<OpenEntry>) => Promise<T>): Promise<T> {
    try {
      return await call(this.#openEntry(this.#service, name));
    } catch (cause) {
      throw unavailable("the keychain can't be used: there is none, or it is locked", cause);
    }
  }
}

function unavailable(message: string, cause?: unknown): EngineError {
  return new EngineError('secret-store-unavailable', message, { cause });
}
