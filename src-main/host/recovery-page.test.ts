import { createHash } from 'node:crypto';
import QRCode from 'qrcode';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateWords, kitText, readWords } from '#engine/vault.ts';
import type { VaultId } from '#engine/model/ids.ts';
import { parseNetwork } from '#engine/model/network.ts';
import { systemRandom } from '#platform/system-random.ts';
import { PUBLIC_NETWORKS } from './networks.ts';
import { recoveryPage } from './recovery-page.ts';

const words = generateWords(systemRandom);
const text = kitText({
  words,
  network: parseNetwork(PUBLIC_NETWORKS.testnet),
  chainIdentifier: '4c78adac',
  vaultId: 'ab'.repeat(16) as VaultId,
  nowMs: 1_800_000_000_000,
});
let page: string;
beforeAll(async () => {
  page = await recoveryPage(text, words);
});

describe('the recovery kit to print', () => {
  test('reads back as the kit when its text is copied', () => {
    const copied = /<pre>([^<]*)<\/pre>/.exec(page)?.[1] ?? '';
    const unescaped = copied
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
    expect(unescaped).toBe(text);
    expect(readWords(unescaped)).toEqual(words);
  });

  test('lists the words in their order', () => {
    const listed = [...page.matchAll(/<li>([a-z]+)<\/li>/g)].map(([, word]) => word);
    expect(listed).toEqual(words);
  });

  test('has a QR code of the words alone', () => {
    const path = /stroke="#000000" d="([^"]+)"/.exec(page)?.[1] ?? '';
    const { modules } = QRCode.create(words.join(' '), { errorCorrectionLevel: 'M' });
    expect(darkModules(path, modules.size, 1)).toEqual([...modules.data].map(Boolean));
  });

  test('runs no script and loads nothing', () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
    const style = /<style>([^<]*)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(
      /<script|<link|<img|<iframe|javascript:|\ssrc=|\son\w+=|@import|url\(/i,
    );
  });

  test('shows markup in a text as text', async () => {
    expect(await recoveryPage('<b onclick="x">&', ['a'])).toContain(
      '<pre>&lt;b onclick=&quot;x&quot;&gt;&amp;</pre>',
    );
  });
});

/** Which modules a path of `M x y`, `m dx dy` and `h length` paints, row by row. */
function darkModules(path: string, size: number, margin: number): boolean[] {
  const dark = Array.from({ length: size * size }, () => false);
  let x = 0;
  let y = 0;
  for (const [, command, first, second] of path.matchAll(/([Mmh])([\d.-]+)(?: ([\d.-]+))?/g)) {
    if (command === 'M') [x, y] = [Number(first), Math.floor(Number(second))];
    else if (command === 'm') x += Number(first);
    else {
      for (let step = 0; step < Number(first); step += 1) {
        dark[(y - margin) * size + (x - margin) + step] = true;
      }
      x += Number(first);
    }
  }
  return dark;
}
