import { expect, test } from 'vitest';
import { generatedServerName } from './tls-certificate.ts';

test.each([
  { key: '0304a9f9', name: '34a9f9.network.walrus.alt' },
  { key: '02b78f59', name: '2b78f59.network.walrus.alt' },
  { key: '0205a9f6', name: '25a9f6.network.walrus.alt' },
])('the name of the recorded key $key is $name', ({ key, name }) => {
  const publicKey = Buffer.from(key.padEnd(66, '0'), 'hex');
  expect(generatedServerName(publicKey)).toBe(name);
});
