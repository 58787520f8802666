/**
 * @file English: what to do about what the engine tells by itself, where its own next step speaks of
 * the command line. What happened is said by the engine.
 */
import type { Told } from '../told.ts';

export const toldNextEn: Partial<Readonly<Record<Told['what'], string>>> = {
  lost: 'Press Sync now: what lay there is stored anew.',
  ends: 'Press Renew now in Storage: it says what is in the way.',
  'ends-as-chosen': 'Choose a longer time in Storage if the folder is to stay.',
  'looks-encrypted': 'Look into the folder. If something is wrong, restore an older snapshot.',
};
