import { describe, expect, test } from 'vitest';
import { openKeychain, type OpenEntry } from './keychain.ts';
import { systemRandom } from './system-random.ts';

/** A keychain in memory, with the habits of real ones. */
function keychain(habits: { readonly fails?: 'constructor' | 'set' | 'forgets' } = {}) {
  const entries = new Map<string, number[]>();
  const openEntry: OpenEntry = (service, name) => {
    if (habits.fails === 'constructor') throw new Error('no D-Bus');
    const key = `${service}/${name}`;
    return {
      setSecret: async (secret) => {
        if (habits.fails === 'set') throw new Error('locked');
        if (habits.fails !== 'forgets') entries.set(key, [...secret]);
      },
      getSecret: async () => entries.get(key) ?? null,
      deleteCredential: async () => entries.delete(key),
    };
  };
  return { entries, openEntry };
}

const open = (openEntry: OpenEntry) =>
  openKeychain({ service: 'floe-test', random: systemRandom, openEntry });

describe('openKeychain', () => {
  test('keeps secrets under the service, and leaves nothing of its trial', async () => {
    const { entries, openEntry } = keychain();
    const store = await open(openEntry);
    expect([...entries.keys()]).toEqual([]);
    await store.set('seed', Uint8Array.of(1, 2, 3));
    expect([...entries.keys()]).toEqual(['floe-test/seed']);
    expect(await store.get('seed')).toEqual(Uint8Array.of(1, 2, 3));
    await store.delete('seed');
    expect(await store.get('seed')).toBeUndefined();
  });

  test('is left alone when it is only to be read', async () => {
    const { openEntry } = keychain({ fails: 'set' });
    const store = await openKeychain({
      service: 'floe-test',
      random: systemRandom,
      isTried: false,
      openEntry,
    });
    expect(await store.get('seed')).toBeUndefined();
  });

  test.each([
    { name: 'there is none', fails: 'constructor' as const },
    { name: 'it is locked', fails: 'set' as const },
    { name: 'it forgets', fails: 'forgets' as const },
  ])('is unavailable when $name', async ({ fails }) => {
    await expect(open(keychain({ fails }).openEntry)).rejects.toMatchObject({
      code: 'secret-store-unavailable',
    });
  });
});
