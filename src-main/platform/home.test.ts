import { describe, expect, test } from 'vitest';
import { defaultHome, defaultLocalnetFolder, type Surroundings } from './home.ts';

const linux: Surroundings = { platform: 'linux', environment: {}, userHome: '/home/ann' };

describe('the places of an operating system', () => {
  test.each([
    { name: 'Linux', around: linux, home: '/home/ann/.local/share/floe' },
    {
      name: 'Linux with a data folder',
      around: { ...linux, environment: { XDG_DATA_HOME: '/data' } },
      home: '/data/floe',
    },
    {
      name: 'Linux with a relative data folder',
      around: { ...linux, environment: { XDG_DATA_HOME: 'data' } },
      home: '/home/ann/.local/share/floe',
    },
    {
      name: 'macOS',
      around: { platform: 'darwin' as const, environment: {}, userHome: '/Users/ann' },
      home: '/Users/ann/Library/Application Support/floe',
    },
    {
      name: 'Windows',
      around: {
        platform: 'win32' as const,
        environment: { LOCALAPPDATA: 'C:\\Users\\ann\\AppData\\Local' },
        userHome: 'C:\\Users\\ann',
      },
      home: 'C:\\Users\\ann\\AppData\\Local\\floe',
    },
    {
      name: 'a person who says so',
      around: { ...linux, environment: { FLOE_HOME: '/mnt/floe' } },
      home: '/mnt/floe',
    },
    {
      name: 'an empty variable',
      around: { ...linux, environment: { FLOE_HOME: '' } },
      home: '/home/ann/.local/share/floe',
    },
  ])('$name: $home', ({ around, home }) => {
    expect(defaultHome(around)).toBe(home);
    expect(defaultLocalnetFolder(around)).not.toContain(`${home}/`);
  });

  test('the local network has a folder of its own', () => {
    expect(defaultLocalnetFolder(linux)).toBe('/home/ann/.local/share/floe-localnet');
    const around = { ...linux, environment: { FLOE_LOCALNET: '/mnt/net' } };
    expect(defaultLocalnetFolder(around)).toBe('/mnt/net');
  });
});
