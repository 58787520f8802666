/**
 * @file A keychain as a desktop has it: gnome-keyring on a bus of the test's own, locked and unlocked
 * as a person would. Nobody answers its dialogs.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnBus } from './session-bus.ts';

const OWNER = 'org.freedesktop.DBus.GetNameOwner';
const LOCK = 'org.freedesktop.Secret.Service.Lock';
const COLLECTION = '/org/freedesktop/secrets/collection/login';

export interface Keyring {
  /** For the processes that are to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The person types the password into the system's own dialog. */
  unlock(): void;
  lock(): void;
  close(): void;
}

/** Start a bus with an unlocked keychain on it; its files lie in `folder`. */
export async function startKeyring(folder: string): Promise<Keyring> {
  const runtime = join(folder, 'runtime');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const bus = spawnBus();
  const [address] = (await once(createInterface({ input: bus.stdout }), 'line')) as [string];
  const environment = {
    DBUS_SESSION_BUS_ADDRESS: address,
    XDG_RUNTIME_DIR: runtime,
    XDG_DATA_HOME: join(folder, 'data'),
    // The person is not there: what asks for a password gets none.
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
  };
  const env = { ...process.env, ...environment };
  const owner = (): string | undefined => {
    const to = ['--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/'];
    const args = ['call', ...to, '--method', OWNER, 'org.freedesktop.secrets'];
    const { status, stdout } = spawnSync('gdbus', args, { env, encoding: 'utf8' });
    return status === 0 ? stdout : undefined;
  };
  const unlock = (): void => {
    const before = owner();
    const args = ['--replace', '--unlock', '--components=secrets'];
    const { status } = spawnSync('gnome-keyring-daemon', args, {
      env,
      input: 'password',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    assert.equal(status, 0, 'the keyring does not unlock');
    // It goes on in the background, and takes the place of the one before in its own time.
    while ([undefined, before].includes(owner()));
  };
  unlock();
  return {
    environment,
    unlock,
    lock: () => {
      const to = ['--session', '--dest', 'org.freedesktop.secrets'];
      const path = ['--object-path', '/org/freedesktop/secrets'];
      execFileSync('gdbus', ['call', ...to, ...path, '--method', LOCK, `['${COLLECTION}']`], {
        env,
      });
    },
    close: () => {
      bus.kill();
    },
  };
}
