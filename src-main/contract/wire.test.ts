import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { methods } from './methods.ts';
import { decodeMessage, encodeMessage } from './wire.ts';

describe('the wire', () => {
  test('carries amounts larger than a double holds', () => {
    const value = { walFrost: 5_000_000_000_000_000_001n, files: 3, name: 'a' };
    const text = encodeMessage({ type: 'result', id: 1, value });
    expect(decodeMessage(text)).toEqual({ type: 'result', id: 1, value });
  });

  test('refuses what is not JSON', () => {
    expect(() => decodeMessage('{')).toThrow(SyntaxError);
  });
});

describe('the schemas of requests', () => {
  const accepted = { path: '/a', excludes: [], permanent: false };
  test.each([
    { name: 'takes what fits', request: accepted, isAccepted: true },
    { name: 'refuses a missing field', request: { path: '/a' }, isAccepted: false },
    { name: 'refuses a wrong type', request: { ...accepted, path: 7 }, isAccepted: false },
    { name: 'refuses a field nobody knows', request: { ...accepted, run: 'x' }, isAccepted: false },
    {
      name: 'refuses text without end',
      request: { ...accepted, path: 'a'.repeat(32_769) },
      isAccepted: false,
    },
  ])('addFolder $name', ({ request, isAccepted }) => {
    expect(v.safeParse(methods.addFolder, request).success).toBe(isAccepted);
  });

  test.each([
    { name: 'one epoch', epochs: 1, isAccepted: true },
    { name: 'no epoch', epochs: 0, isAccepted: false },
    { name: 'half an epoch', epochs: 1.5, isAccepted: false },
  ])('extend by $name', ({ epochs, isAccepted }) => {
    expect(v.safeParse(methods.extend, { folder: 'a', epochs }).success).toBe(isAccepted);
  });
});
