/** @file A network as it is called on screen: the public ones have names, others are called as in their file. */
import { say } from '../lib/words/words.svelte.ts';

export const networkLabel = (name: string): string =>
  name === 'testnet' || name === 'mainnet' ? say(`first.network.${name}`) : name;
