/**
 * @file Engines that die when their fate says so: the modules at their durable steps, wrapped.
 *
 * A test mocks the modules that it wants to be mortal with these, each for its whole file, which
 * leaves the product without test-only doors:
 *
 *     vi.mock(import('#engine/sui/chain.ts'), async (importOriginal) =>
 *       (await import('../support/fated-engine.ts')).fatedChain(await importOriginal()),
 *     );
 */
import type * as LocalIndexModule from '#engine/local-index/local-index.ts';
import type * as ChainModule from '#engine/sui/chain.ts';
import type { Wallet } from '#engine/sui/wallet/wallet.ts';
import type * as RelayModule from '#engine/walrus/relay/upload-relay.ts';
import type * as NetworkModule from '#engine/walrus/storage-network.ts';
import { mortal, mortalIndex, type Fate } from './fate.ts';

/** The fate of engines that are opened next. */
export const next: { fate: Fate | undefined } = { fate: undefined };

export const fatedLocalIndex = (original: typeof LocalIndexModule): typeof LocalIndexModule => ({
  ...original,
  openLocalIndex: (path) => {
    const index = original.openLocalIndex(path);
    return next.fate ? mortalIndex(index, next.fate) : index;
  },
});

export const fatedChain = (original: typeof ChainModule): typeof ChainModule => ({
  ...original,
  openChain: (...args) => {
    const chain = original.openChain(...args);
    const { fate } = next;
    if (!fate) return chain;
    const openWallet = chain.openWallet.bind(chain);
    chain.openWallet = (...walletArgs): Wallet =>
      mortal(openWallet(...walletArgs), fate, 'wallet', (method) =>
        ['submit', 'conclude'].includes(method),
      );
    return mortal(chain, fate, 'chain', () => false);
  },
});

export const fatedNetwork = (original: typeof NetworkModule): typeof NetworkModule => ({
  ...original,
  openStorageNetwork: (options) => {
    const network = original.openStorageNetwork(options);
    return next.fate ? mortal(network, next.fate, 'nodes', isUpload, ['close']) : network;
  },
});

export const fatedRelay = (original: typeof RelayModule): typeof RelayModule => ({
  ...original,
  openUploadRelay: (options) => {
    const relay = original.openUploadRelay(options);
    return next.fate ? mortal(relay, next.fate, 'relay', isUpload, ['close']) : relay;
  },
});

const isUpload = (method: string): boolean => method === 'upload';
