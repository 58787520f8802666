/**
 * @file A network as it is called on screen: the public ones have names, others are called as in their
 * file.
 */
import type { HomeState } from '#contract/home-api.ts';
import { say } from '../lib/words/words.svelte.ts';

export const networkLabel = (name: string): string =>
  name === 'testnet' || name === 'mainnet' ? say(`first.network.${name}`) : name;

/** The same of a home's network, if it is known yet: on a try-out that is what it is called. */
export const homeLabel = (home: HomeState | undefined): string =>
  home?.isTryOut ? say('tryout.label') : networkLabel(home?.networkName ?? '');
