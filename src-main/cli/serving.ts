/** @file What every command that serves a home shares: daemon, ui. */
import { join } from 'node:path';
import type { EngineEvent } from '#contract/events.ts';
import { serveHome, type ServeOptions } from '#host/daemon.ts';
import type { CommandContext } from './context.ts';
import { packEventText } from './pack-text.ts';
import { TryOutNetwork } from './try-out-network.ts';

/** Where vite builds the window, in a checkout and in a packaged app. */
const PAGES_FOLDER = join(import.meta.dirname, '../../dist/renderer');

/** Serve a home that has a vault. */
export async function serveVault(
  context: CommandContext,
  options: Pick<ServeOptions, 'watch' | 'onReady'>,
): Promise<void> {
  await serveHome({
    home: context.home,
    passphraseFile: context.passphraseFile,
    needsVault: true,
    pagesFolder: PAGES_FOLDER,
    signal: context.signal,
    onEvent: (event) => noteEvent(context, event),
    ...options,
  });
}

/** Serve a home whatever is in it, and the network of a try-out vault with it. */
export async function serveWindow(
  context: CommandContext,
  options: Pick<ServeOptions, 'watch' | 'onReady'>,
): Promise<void> {
  const tryOut = new TryOutNetwork(context.home);
  try {
    await serveHome({
      home: context.home,
      passphraseFile: context.passphraseFile,
      needsVault: false,
      pagesFolder: PAGES_FOLDER,
      localnetFolder: tryOut.folder,
      startTryOut: tryOut.start,
      signal: context.signal,
      onEvent: (event) => noteEvent(context, event),
      ...options,
    });
  } finally {
    // The engine has ended: it still spoke to the network while it did.
    await tryOut.stop();
  }
}

function noteEvent(context: CommandContext, event: EngineEvent): void {
  if (event.kind === 'pack') context.note(packEventText(event));
  if (event.kind !== 'sync-ended') return;
  const { folderName, problem } = event;
  context.note(
    problem === undefined ? `${folderName} is up to date` : `${folderName}: ${problem.message}`,
  );
}
