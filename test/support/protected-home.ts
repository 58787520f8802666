/** @file A world with one home whose folder is protected: where tests of what goes wrong begin. */
import { writeFileSync } from 'node:fs';
import { openWorld, type TestHome, type TestWorld } from './floe-cli.ts';
import { bytes, KIB, makeTree } from './tree.ts';

/** What the protected folder holds. */
export const TREE = {
  'one.txt': 'one',
  'two.txt': 'two',
  below: { 'three.bin': bytes(40 * KIB, 3) },
};

export interface ProtectedHome {
  readonly world: TestWorld;
  /** A home whose folder `Documents` is protected; no test leaves it otherwise. */
  readonly home: TestHome;
  readonly words: string;
  readonly documents: string;
  /** Another home, empty each time. */
  readonly freshHome: () => TestHome;
  /** Write a file beside the homes, and give its path. */
  readonly writeText: (name: string, text: string) => string;
}

export async function openProtectedHome(): Promise<ProtectedHome> {
  const world = await openWorld({ shards: 4, nodes: 2, rpc: ['grpc-web'] });
  const home = world.home('home');
  const words = await home.init();
  const documents = world.path('Documents');
  makeTree(documents, TREE);
  await home.must(['add', documents]);
  await home.must(['sync']);
  let homes = 0;
  return {
    ...{ world, home, words, documents },
    freshHome: () => world.home(`fresh-${String((homes += 1))}`),
    writeText: (name, text) => {
      writeFileSync(world.path(name), text);
      return world.path(name);
    },
  };
}
