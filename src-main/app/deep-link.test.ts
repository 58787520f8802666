import { describe, expect, test } from 'vitest';
import { linkAmong, screenOfLink } from './deep-link.ts';

describe('a link', () => {
  test.each([
    ['floe://open/storage', 'storage'],
    ['floe://open/storage/', 'storage'],
    ['floe://open/folders', 'folders'],
  ])('%s opens a screen', (link, screen) => {
    expect(screenOfLink(link)).toBe(screen);
  });

  test.each([
    'floe://open/',
    'floe://open/renew',
    'floe://open/storage?renew=1',
    'floe://open/storage#renew',
    'floe://open/storage/confirm',
    'floe://open/../storage',
    'floe://open/__proto__',
    'floe://approve/storage',
    'floe:storage',
    'FLOE://OPEN/STORAGE',
    'https://open/storage',
    'floe://open/storage\u0000',
  ])('%s opens nothing', (link) => {
    expect(screenOfLink(link)).toBeUndefined();
  });

  test('is found among what a second start was given', () => {
    const args = ['/opt/floe', '--no-sandbox', 'floe://open/storage'];
    expect(linkAmong(args)).toBe('floe://open/storage');
    expect(linkAmong(['/opt/floe', '--hidden'])).toBeUndefined();
  });
});
