import { expect, test } from 'vitest';
import { letGo } from './let-go.ts';

test('bytes that are all of their memory are empty afterwards', () => {
  const bytes = Buffer.allocUnsafeSlow(64 * 1024);
  letGo(bytes);
  expect(bytes.length).toBe(0);
});

test('a part of what others may use stays as it is', () => {
  const whole = new Uint8Array(8).fill(7);
  letGo(whole.subarray(2, 6));
  letGo(Buffer.from('from the pool that all small buffers share'));
  expect([...whole]).toEqual(new Array(8).fill(7));
});
