import { describe, expect, test } from 'vitest';
import { explorerUrl, isExplorerUrl, type ExplorerPage } from './explorers.ts';

describe('the page of an ID', () => {
  test.each<{ page: ExplorerPage; url: string }>([
    { page: 'blob', url: 'https://walruscan.com/testnet/blob/aB_-9' },
    { page: 'object', url: 'https://suiscan.xyz/testnet/object/aB_-9' },
    { page: 'transaction', url: 'https://suiscan.xyz/testnet/tx/aB_-9' },
    { page: 'account', url: 'https://suiscan.xyz/testnet/account/aB_-9' },
  ])('of a $page is one that may be opened', ({ page, url }) => {
    expect(explorerUrl('testnet', page, 'aB_-9')).toBe(url);
    expect(isExplorerUrl(url)).toBe(true);
  });

  test('stays an explorer’s whatever the ID is', () => {
    const url = explorerUrl('mainnet', 'blob', '../../@example.org/?a#b') ?? '';
    expect(url).toBe('https://walruscan.com/mainnet/blob/..%2F..%2F%40example.org%2F%3Fa%23b');
    expect(isExplorerUrl(url)).toBe(true);
  });

  test.each(['local', 'my own network', undefined])('is none on %s', (network) => {
    expect(explorerUrl(network, 'blob', 'abc')).toBeUndefined();
  });
});

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
