/**
 * @file The local network of this computer, for a process that serves a home: joined or started.
 *
 * It is a process of its own and outlives an engine that crashes; the next engine joins it. Who started
 * it is noted in the home, so that the last one to end in order stops it, and leaves one alone that
 * somebody else runs.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EngineError, hasCode } from '#engine/model/engine-error.ts';
import { defaultLocalnetFolder } from '#host/home.ts';
import { resolveNetwork } from '#host/network-choice.ts';
import type { HomeFacts } from '#host/open-home.ts';
import { callLocalnet } from '#localnet/control-channel.ts';
import { startFloe, type FloeProcess } from './processes.ts';

const PID_FILE = 'try-out.pid';

export class TryOutNetwork {
  readonly folder = process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  readonly #pidFile: string;
  #starting: Promise<FloeProcess> | undefined;

  constructor(home: string) {
    this.#pidFile = join(home, PID_FILE);
  }

  /**
   * Start it, or stay beside the one that runs. For a vault only if it is that vault's network:
   * another one in the same folder would not help it.
   */
  readonly start = async (vault: HomeFacts | undefined): Promise<void> => {
    if (vault && !(await this.#isOf(vault))) return;
    this.#starting ??= this.#join();
    const mine = this.#starting;
    try {
      const { ended } = await mine;
      // Whoever asks after it has gone gets another one.
      void ended.then(() => this.#forget(mine));
    } catch (error) {
      this.#forget(mine);
      throw error;
    }
  };

  /** Stop it, if this home has started it. */
  async stop(): Promise<void> {
    const child = await this.#starting?.catch(() => undefined);
    await child?.stop();
    const noted = this.#notedPid();
    if (noted !== undefined && noted === (await this.#runningPid())) {
      // Loaded when needed: it is most of the local network.
      const { stopLocalnet } = await import('#localnet/process.ts');
      await stopLocalnet(this.folder);
    }
    rmSync(this.#pidFile, { force: true });
  }

  async #join(): Promise<FloeProcess> {
    const process = await startFloe(
      ['localnet', 'start', '--dir', this.folder, '--port', '0', '--join'],
      { stderr: 'ignore' },
    );
    const { pid } = process.child;
    if (pid !== undefined && pid === (await this.#runningPid())) {
      mkdirSync(dirname(this.#pidFile), { recursive: true, mode: 0o700 });
      writeFileSync(this.#pidFile, String(pid), { mode: 0o600 });
    }
    return process;
  }

  async #runningPid(): Promise<unknown> {
    try {
      return (await callLocalnet(this.folder, 'ping'))['pid'];
    } catch (error) {
      if (hasCode(error, 'localnet-not-running')) return undefined;
      throw error;
    }
  }

  #notedPid(): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile, 'utf8'));
    } catch {
      return undefined;
    }
  }

  #forget(child: Promise<FloeProcess>): void {
    if (this.#starting === child) this.#starting = undefined;
  }

  async #isOf(vault: HomeFacts): Promise<boolean> {
    try {
      const { network } = await resolveNetwork('local', this.folder);
      return network.walrus.systemObjectId === vault.network.walrus.systemObjectId;
    } catch (error) {
      // There is none in the folder, or nothing that says what it is.
      if (error instanceof EngineError) return false;
      throw error;
    }
  }
}
