/**
 * @file What the machine is like, told to the engine: asleep and awake, battery, offline, metered.
 *
 * The shell tells; whether Floe waits is the engine's business and the person's setting. Metered is
 * known on Linux, from NetworkManager; elsewhere nobody tells a desktop program, and nothing is said.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { net, powerMonitor } from 'electron';
import type { TaskApi } from '#contract/task-api.ts';

type Conditions = Parameters<TaskApi['setConditions']>[0];

/** Battery and network have no event everywhere. Asking costs nothing. */
const ASK_EVERY_MS = 5_000;

const NETWORK_MANAGER = 'org.freedesktop.NetworkManager';
const NETWORK_MANAGER_PATH = '/org/freedesktop/NetworkManager';

/** NetworkManager's NMMetered: yes, and its guess that it is. */
const METERED_PATTERN = /uint32 [13]\b/;

export class ConditionWatch {
  readonly #tell: (conditions: Conditions) => void;
  #known: Conditions = {};
  #monitor: ChildProcess | undefined;
  #isMetered: boolean | undefined;

  constructor(tell: (conditions: Conditions) => void) {
    this.#tell = tell;
  }

  /** Begin to look. */
  open(): void {
    powerMonitor.on('resume', () => {
      this.#look();
      this.#tell({ hasWoken: true });
    });
    setInterval(() => this.#look(), ASK_EVERY_MS).unref();
    if (process.platform === 'linux') this.#watchMetered();
    this.#look();
  }

  /** A new engine knows nothing yet. */
  tellAll(): void {
    this.#known = {};
    this.#look();
  }

  close(): void {
    this.#monitor?.kill();
  }

  #look(): void {
    const now: Conditions = {
      isOffline: !net.isOnline(),
      isOnBattery: powerMonitor.isOnBatteryPower(),
      ...(this.#isMetered === undefined ? {} : { isMetered: this.#isMetered }),
    };
    if (JSON.stringify(now) === JSON.stringify(this.#known)) return;
    this.#known = now;
    this.#tell(now);
  }

  /** The monitor says that something changed; what it is now is asked anew. */
  #watchMetered(): void {
    this.#askMetered();
    const args = ['monitor', '--system', '--dest', NETWORK_MANAGER];
    const monitor = spawn('gdbus', [...args, '--object-path', NETWORK_MANAGER_PATH], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#monitor = monitor;
    // No gdbus: metered stays unknown.
    monitor.on('error', () => undefined);
    monitor.stdout.on('data', () => this.#askMetered());
  }

  #askMetered(): void {
    const args = [
      'call',
      '--system',
      `--dest=${NETWORK_MANAGER}`,
      `--object-path=${NETWORK_MANAGER_PATH}`,
      '--method=org.freedesktop.DBus.Properties.Get',
      NETWORK_MANAGER,
      'Metered',
    ];
    execFile('gdbus', args, (error, stdout) => {
      this.#isMetered = error === null ? METERED_PATTERN.test(stdout) : undefined;
      this.#look();
    });
  }
}
