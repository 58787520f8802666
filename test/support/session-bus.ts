/**
 * @file A message bus of a test's own, on which nothing is but what the test has put there.
 *
 * A bus with the system's services starts a keychain of its own for whoever asks while a test has
 * stopped its one, with the keyrings of the person who runs the tests.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** It prints its address in one line. */
export function spawnBus(): ChildProcessByStdio<null, Readable, null> {
  const config = join(import.meta.dirname, 'session-bus.conf');
  return spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
