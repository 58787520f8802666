import { describe, expect, test } from 'vitest';
import { isExplorerUrl } from './explorers.ts';

describe('what may be opened in a browser', () => {
  test.each([
    'https://walruscan.com/mainnet/blob/abc',
    'https://suiscan.xyz/testnet/object/0x1?tab=fields#top',
    'https://testnet.suivision.xyz/txblock/abc',
  ])('is %s', (url) => {
    expect(isExplorerUrl(url)).toBe(true);
  });

  test.each([
    'http://walruscan.com/',
    'https://walruscan.com.example.org/',
    'https://example.org/walruscan.com',
    'https://evil.walruscan.com/',
    'https://walruscan.com@example.org/',
    'https://user@walruscan.com/',
    'https://walruscan.com:8443/',
    'https://walruscan.com\\@example.org/',
    'https:\\\\example.org\\walruscan.com',
    'https://walruscаn.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'smb://walruscan.com/share',
    'ms-settings:privacy',
    'floe://open/storage',
    '//walruscan.com/',
    'walruscan.com',
    '',
  ])('is not %s', (url) => {
    expect(isExplorerUrl(url)).toBe(false);
  });

  test('is not a link longer than any of ours', () => {
    expect(isExplorerUrl(`https://walruscan.com/${'a'.repeat(3_000)}`)).toBe(false);
  });
});
