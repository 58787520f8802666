/** Words that a home still holds are never overwritten: they may be the only copy of a vault. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

test('setting up where a vault file was lost keeps the words that lie there', async () => {
  const home = world.path('home');
  await world.setUp('home');
  const sealed = readdirSync(join(home, 'secrets')).map((name) => ({
    name,
    bytes: readFileSync(join(home, 'secrets', name)),
  }));
  for (const name of ['vault.json', 'vault-copy.json']) rmSync(join(home, name));
  await world.setUp('home');
  const [kept] = readdirSync(home).filter((name) => name.startsWith('damaged-'));
  for (const { name, bytes } of sealed) {
    expect(readFileSync(join(home, kept!, 'secrets', name)).equals(bytes)).toBe(true);
  }
});
