/** @file The local network of this computer, for a process that serves a home: joined or started. */
import { EngineError } from '#engine/model/engine-error.ts';
import { defaultLocalnetFolder } from '#host/home.ts';
import { resolveNetwork } from '#host/network-choice.ts';
import type { HomeFacts } from '#host/open-home.ts';
import { startFloe, type FloeProcess } from './processes.ts';

export class TryOutNetwork {
  readonly folder = process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  #starting: Promise<FloeProcess> | undefined;

  /**
   * Start it, or stay beside the one that runs. For a vault only if it is that vault's network:
   * another one in the same folder would not help it.
   */
  readonly start = async (vault: HomeFacts | undefined): Promise<void> => {
    if (vault && !(await this.#isOf(vault))) return;
    this.#starting ??= startFloe(
      ['localnet', 'start', '--dir', this.folder, '--port', '0', '--join'],
      { stderr: 'ignore' },
    );
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

  /** Stop it, if it was started here. */
  async stop(): Promise<void> {
    const child = await this.#starting?.catch(() => undefined);
    await child?.stop();
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
