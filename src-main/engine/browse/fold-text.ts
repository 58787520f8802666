/** @file Text as a search compares it: without case, and without accents. */

// eslint-disable-next-line no-control-regex -- the whole ASCII range is meant
const ASCII_PATTERN = /^[\x00-\x7f]*$/;

export function foldText(text: string): string {
  if (ASCII_PATTERN.test(text)) return text.toLowerCase();
  return text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}
