import { describe, expect, test } from 'vitest';
import { openBudget } from './rate-limit.ts';
import { isAllowedText, TEXT_CHARACTERS_MAX } from './window-port.ts';

const text = (message: unknown): string => JSON.stringify(message);

describe('what a window may send to the engine', () => {
  test.each([
    { name: 'a call', given: text({ type: 'call', id: 1, method: 'status', request: {} }) },
    { name: 'a cancel', given: text({ type: 'cancel', id: 1 }) },
    {
      name: 'a call of another home',
      given: text({
        type: 'call',
        id: 1,
        method: 'callOtherHome',
        request: { networkName: 'testnet', method: 'status', request: {} },
      }),
    },
  ])('is $name', ({ given }) => {
    expect(isAllowedText(given)).toBe(true);
  });

  test.each<{ name: string; given: unknown }>([
    { name: 'a hello: it has no token', given: text({ type: 'hello', token: 'a' }) },
    { name: 'a stop', given: text({ type: 'stop' }) },
    { name: 'a message of the engine', given: text({ type: 'welcome', pid: 1 }) },
    {
      name: 'a call with more than belongs to it',
      given: text({ type: 'call', id: 1, method: 'status', request: {}, token: 'a' }),
    },
    {
      name: 'a method that is no name',
      given: text({ type: 'call', id: 1, method: '__proto__', request: {} }),
    },
    {
      name: "a call for the account's key",
      given: text({ type: 'call', id: 1, method: 'exportKey', request: {} }),
    },
    {
      name: "a call for another home's key",
      given: text({
        type: 'call',
        id: 1,
        method: 'callOtherHome',
        request: { networkName: 'testnet', method: 'exportKey', request: {} },
      }),
    },
    {
      name: 'a call that lets a browser in',
      given: text({ type: 'call', id: 1, method: 'admitBrowser', request: {} }),
    },
    { name: 'an id that is no number', given: text({ type: 'cancel', id: '1' }) },
    { name: 'an id that is no whole number', given: text({ type: 'cancel', id: 1.5 }) },
    { name: 'no JSON', given: '{' },
    { name: 'null', given: 'null' },
    { name: 'an object that was not encoded', given: { type: 'cancel', id: 1 } },
    { name: 'bytes', given: new ArrayBuffer(8) },
    {
      name: 'a text that is too long',
      given: text({
        type: 'call',
        id: 1,
        method: 'status',
        request: 'a'.repeat(TEXT_CHARACTERS_MAX),
      }),
    },
  ])('is not $name', ({ given }) => {
    expect(isAllowedText(given)).toBe(false);
  });
});

describe('a budget', () => {
  test('allows a burst, then what it refills', () => {
    let now = 0;
    const take = openBudget({ perSecond: 10, burst: 3 }, () => now);
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    now += 100;
    expect([take(), take()]).toEqual([true, false]);
    now += 60_000;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  });
});
