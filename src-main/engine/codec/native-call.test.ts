import * as native from '#native';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../model/engine-error.ts';
import { callNative, engineErrorFromNative, runNative } from './native-call.ts';

test('the addon that is built offers everything that index.js names', () => {
  const missing = Object.entries(native).filter(([, value]) => value === undefined);
  expect(missing.map(([name]) => name)).toEqual([]);
});

describe('an error of the addon', () => {
  test.each([
    { name: 'with a code of its own', message: 'blob-too-large: why', code: 'blob-too-large' },
    { name: 'about bytes', message: 'merkle: why', code: 'encoding-invalid-input' },
    { name: 'about sealed bytes', message: 'seal-damaged: why', code: 'pack-damaged' },
    { name: 'of a newer format', message: 'seal-version: why', code: 'format-unknown' },
    { name: 'of our own making', message: 'internal: why', code: 'internal' },
  ])('$name becomes $code', ({ message, code }) => {
    const error = engineErrorFromNative(message);
    expect(error.code).toBe(code);
    expect(error.message).toBe('why');
    expect(error.context['reason']).toBe(message.split(':')[0]);
  });

  test('without a code is internal and keeps its words', () => {
    expect(engineErrorFromNative('Something odd')).toMatchObject({
      code: 'internal',
      message: 'Something odd',
    });
  });

  test('keeps its cause, and an EngineError stays what it is', () => {
    const cause = new Error('merkle: why');
    const throwing = (error: Error) => (): never => {
      throw error;
    };
    expect(() => callNative(throwing(cause))).toThrow(expect.objectContaining({ cause }));
    const own = new EngineError('disk-full', 'full');
    expect(() => callNative(throwing(own))).toThrow(own);
  });
});

test('a wrong type given to the addon is a defect of ours', () => {
  const notBytes = 'text' as unknown as Uint8Array;
  expect(() => callNative(() => native.blake3(notBytes))).toThrow(
    expect.objectContaining({ code: 'internal' }),
  );
});

test('work that ends before it notices the signal keeps its result', async () => {
  const controller = new AbortController();
  const result = runNative(async () => {
    controller.abort();
    return 'done';
  }, controller.signal);
  await expect(result).resolves.toBe('done');
});
