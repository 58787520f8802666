/** @file A vault with something to repack: the snapshots that lie in its packs are to go by rule. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { RetentionPolicy } from '#contract/storage-api.ts';
import { FOLDER } from './folder-life.ts';
import { bareVault, type BareVault, type World } from './world.ts';

/** Room is so dear that repacking nearly always saves something. */
export const DEAR_ROOM = { storageFrostPerMib: 3_000_000n, writeFrostPerMib: 20_000n };

/** Rules that keep a snapshot of the last hour, and nothing else. */
export const ONE_KEPT: RetentionPolicy = {
  keepWithinMs: undefined,
  hourly: 1,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
};

export interface SmallPacks {
  readonly vault: BareVault;
  readonly source: string;
}

/** A vault in the home of that name, whose folder was committed four times: each is a small pack. */
export async function manySmallPacks(world: World, name: string): Promise<SmallPacks> {
  const source = world.path(`${name}-source`);
  mkdirSync(source);
  const vault = await bareVault(world, name);
  const engine = vault.open();
  try {
    await engine.api.addFolder({ path: source, name: FOLDER, excludes: [], permanent: false });
    for (const text of ['one', 'two', 'three', 'four']) {
      writeFileSync(`${source}/file`, text);
      await engine.api.sync({});
    }
    await engine.api.setRetention({ folder: FOLDER, retention: ONE_KEPT });
  } finally {
    await engine.close();
  }
  return { vault, source };
}
