/** @file A display that has no screen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Display {
  /** As DISPLAY names it. */
  readonly name: string;
  readonly close: () => Promise<void>;
}

export async function startDisplay(): Promise<Display> {
  // Without -noreset it begins anew whenever its last client leaves, and refuses who comes just then.
  const options = ['-noreset', '-screen', '0', '1920x1080x24', '-nolisten', 'tcp'];
  const server = spawn('Xvfb', ['-displayfd', '3', ...options], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const numbers = server.stdio[3] as NodeJS.ReadableStream;
  const [number] = (await once(createInterface({ input: numbers }), 'line')) as [string];
  return {
    name: `:${number}`,
    close: async () => {
      const exit = once(server, 'exit');
      server.kill();
      await exit;
    },
  };
}
