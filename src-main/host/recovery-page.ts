/**
 * @file The recovery kit as a page to print: one file, no script, nothing loaded from anywhere.
 *
 * The QR code holds the 24 words alone, so that a phone without Floe shows what it is; the text
 * below it is the kit itself, which reads back as a file when it is copied.
 */
import { createHash } from 'node:crypto';
import QRCode from 'qrcode';

const STYLE = `
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 46rem; padding: 2rem; background: #fff; color: #101820;
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 24px; font-weight: 650; margin: 0 0 .5rem; }
p { margin: 0 0 1rem; max-width: 38rem; }
ol { columns: 4; column-gap: 2rem; margin: 1.5rem 0; padding: 1rem 1rem 1rem 2.5rem;
  border: 1px solid #b8c2cc; border-radius: 10px; }
li { font: 15px/1.9 ui-monospace, monospace; break-inside: avoid; }
figure { float: inline-end; margin: 0 0 1rem 1.5rem; text-align: center; }
figure svg { width: 46mm; height: 46mm; }
figcaption { font-size: 12px; }
pre { font: 12px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  border-top: 1px solid #b8c2cc; padding-top: 1rem; }
@page { margin: 15mm; }
@media print { body { padding: 0; } }
`;

/** What the page may do is said in the page, since it is opened as a file. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256')
  .update(STYLE)
  .digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** `kitText` is the kit as text; `words` are those in it. */
export async function recoveryPage(kitText: string, words: readonly string[]): Promise<string> {
  const code = await QRCode.toString(words.join(' '), {
    type: 'svg',
    errorCorrectionLevel: 'M',
    margin: 1,
  });
  const items = words.map((word) => `<li>${escaped(word)}</li>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>Floe recovery kit</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Floe recovery kit</h1>
<figure role="img" aria-label="QR code of the 24 words">${code}<figcaption>The 24 words</figcaption></figure>
<p>These 24 words bring every folder of this vault back. Whoever else has them can read and delete
them. Keep this page where nobody else looks, and type the words into nothing but Floe.</p>
<ol>${items}</ol>
<pre>${escaped(kitText)}</pre>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
