import { describe, expect, test } from 'vitest';
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import type { NameRules } from '#engine/ports/file-system.ts';
import { planNames, unescapeName } from './write-names.ts';

const linux: NameRules = {
  isCaseSensitive: true,
  isFormSensitive: true,
  allowsAnyBytes: true,
  isWindows: false,
};
const mac: NameRules = {
  ...linux,
  isCaseSensitive: false,
  isFormSensitive: false,
  allowsAnyBytes: false,
};
const windows: NameRules = {
  ...linux,
  isCaseSensitive: false,
  allowsAnyBytes: false,
  isWindows: true,
};
const systems = [
  { system: 'Linux', rules: linux },
  { system: 'macOS', rules: mac },
  { system: 'Windows', rules: windows },
];

const raw = (latin1: string): RawPath => latin1 as RawPath;
const targetOf = (name: string, rules: NameRules): RawPath | undefined =>
  planNames([raw(name)], rules)[0]?.targetName;

/** Names that people, programs and attackers have made. */
function hardNames(): RawPath[] {
  const bases = [
    'CON',
    'con',
    'NUL.txt',
    'LPT1',
    'COM\u00b9',
    'aux .c',
    'CONIN$',
    'conx',
    'a',
    'A',
  ];
  const odd = [
    'C:',
    'C:\\x',
    '\\\\server\\share',
    'file:stream',
    'a.',
    'a ',
    '...',
    '. .',
    ' a',
    '%41',
    '%',
    '%%',
    '%~2',
    'a%~2',
    'A%~2',
    'tab\there',
    'line\nfeed',
    'quote"',
    "it's",
    '<>',
    '|',
    '?',
    '*',
    '~',
    '$HOME',
    '-rf',
    '`id`',
    '..\\..\\x',
    '..a',
    '.a.',
    '\u00e4',
    'a\u0308',
    '\u00c4',
    '\ud83d\ude00',
    '\u200b',
    '\u202egnp.exe',
    '\ufeff',
    '\u0130',
    '\u0131',
    'stra\u00dfe',
    'STRASSE',
    '\ufb01',
    'fi',
  ];
  const bytes = [
    '\xff',
    '\xfe\xff',
    '\xc3',
    '\xc3\x28',
    'ok\xff',
    '\xe2\x82',
    '\xf0\x9f\x98',
    '\xed\xa0\x80',
    '\xc0\xaf',
    '%\xff',
  ];
  const names = [...[...bases, ...odd].map(rawPath), ...bytes.map(raw)];
  for (let index = 0; names.length < 500; index += 1) {
    const one = names[(index * 7) % 62] ?? raw('x');
    names.push(
      raw(`${one}${index % 3 === 0 ? ' ' : '.'}${String(index)}${index % 5 === 0 ? '.' : ''}`),
    );
  }
  return [...new Set(names)];
}

describe('planNames', () => {
  test.each(systems)(
    'gives every hard name a place of its own on $system, and it can be read back',
    ({ rules }) => {
      const names = hardNames();
      expect(names.length).toBeGreaterThanOrEqual(499);
      const planned = planNames(names, rules);
      const targets = planned.map(({ targetName }) => targetName ?? raw(''));
      expect(targets).not.toContain('');
      const folded = targets.map((name) => {
        const text = Buffer.from(name, 'latin1').toString();
        const form = rules.isFormSensitive ? text : text.normalize('NFC');
        return rules.isCaseSensitive ? name : form.toUpperCase().toLowerCase();
      });
      expect(new Set(folded).size).toBe(names.length);
      if (rules !== linux) expect(targets.map(unescapeName)).toEqual(names);
      else expect(targets).toEqual(names);
    },
  );

  test.each(systems)('refuses what would lead out of the directory on $system', ({ rules }) => {
    for (const name of [
      '',
      '.',
      '..',
      '/',
      '/etc',
      '../x',
      'a/b',
      'a/../../b',
      'nul\0byte',
      '\0',
    ]) {
      expect(planNames([raw(name)], rules)[0]).toMatchObject({ reason: 'hostile' });
    }
  });

  test('refuses a name that the directory holds already', () => {
    expect(planNames([raw('a'), raw('a')], linux)[1]).toMatchObject({ reason: 'duplicate' });
  });

  test.each([
    { name: 'con', target: '%63on' },
    { name: 'NUL.tar.gz', target: '%4EUL.tar.gz' },
    { name: 'com1', target: '%63om1' },
    { name: 'com10', target: 'com10' },
    { name: 'console', target: 'console' },
    { name: 'a:b', target: 'a%3Ab' },
    { name: 'a\\b', target: 'a%5Cb' },
    { name: 'end.', target: 'end%2E' },
    { name: 'end ', target: 'end%20' },
    { name: '100%', target: '100%' },
    { name: '%3A', target: '%253A' },
  ])('on Windows $name becomes $target', ({ name, target }) => {
    expect(targetOf(name, windows)).toBe(target);
    expect(unescapeName(raw(target))).toBe(name);
  });

  test('on Linux nothing is changed', () => {
    for (const name of ['con', 'a:b', '%3A', 'end.', '\xff'])
      expect(targetOf(name, linux)).toBe(name);
  });

  test('names that differ only in case or form get numbers', () => {
    const names = ['readme', 'README', 'ReadMe', '\u00e9', 'e\u0301'].map(rawPath);
    const targets = planNames(names, mac).map(({ targetName }) => targetName);
    expect(targets).toEqual([
      'readme',
      'README%~2',
      'ReadMe%~3',
      names[3],
      `${String(names[4])}%~2`,
    ]);
  });

  test('bytes that are not UTF-8 are escaped where they are refused', () => {
    expect(targetOf('a\xffb', mac)).toBe('a%FFb');
    expect(targetOf('\xc3\xa4\xc3', mac)).toBe('\xc3\xa4%C3');
  });
});
