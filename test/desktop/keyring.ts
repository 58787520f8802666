/** @file A real keychain (gnome-keyring) on a desktop's private bus: locked after a login without a password. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Desktop } from './desktop.ts';

const PASSWORD = 'the login password';

export class Keyring {
  readonly #desktop: Desktop;
  #daemon: ChildProcess | undefined;

  private constructor(desktop: Desktop) {
    this.#desktop = desktop;
  }

  /** Start it unlocked, as a login does; it is made the first time. It ends with the desktop. */
  static async open(desktop: Desktop): Promise<Keyring> {
    const keyring = new Keyring(desktop);
    desktop.onClose(() => keyring.#stop());
    await keyring.unlock();
    return keyring;
  }

  /** The next login: it is there, and nobody has unlocked it. */
  async lock(): Promise<void> {
    await this.#start(undefined);
  }

  async unlock(): Promise<void> {
    await this.#start(PASSWORD);
  }

  async #start(password: string | undefined): Promise<void> {
    await this.#stop();
    const args = ['--foreground', '--components=secrets'];
    const daemon = spawn(
      'gnome-keyring-daemon',
      password === undefined ? args : [...args, '--unlock'],
      { env: this.#desktop.environment(), stdio: ['pipe', 'ignore', 'ignore'] },
    );
    this.#daemon = daemon;
    daemon.stdin.end(password);
    await this.#desktop.untilOwned('org.freedesktop.secrets');
  }

  async #stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon) return;
    const exit = once(daemon, 'exit');
    daemon.kill();
    await exit;
  }
}
