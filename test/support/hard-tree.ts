/** @file A tree with what a person's disk may hold, and worse. */
import {
  bytes,
  directory,
  fifo,
  file,
  hardlink,
  KIB,
  MIB,
  rawName,
  sparse,
  symlink,
  type Tree,
} from './tree.ts';

const MTIME_NS = 1_600_000_000_123_456_789n;

export const hardTree: Tree = {
  'a.txt': file('hello\n', { mode: 0o640, mtimeNs: MTIME_NS }),
  empty: '',
  'executable.sh': file('#!/bin/sh\n', { mode: 0o755 }),
  'read only': file('mine', { mode: 0o400, mtimeNs: 1n }),
  'before 1970': file('old', { mtimeNs: -86_400_000_000_001n }),
  'with xattr': file('x', { xattrs: { 'user.comment': 'seen' } }),
  'large.bin': bytes(3 * MIB, 7),
  'same as large.bin': bytes(3 * MIB, 7),
  'compressible.log': 'the same line\n'.repeat(40_000),
  'hole.img': sparse(8 * MIB, [
    [0, 'begin'],
    [5 * MIB + 3, bytes(200 * KIB, 3)],
  ]),
  'first name': 'one file, two names',
  'second name': hardlink('first name'),
  'link to a.txt': symlink('a.txt', { mtimeNs: MTIME_NS }),
  'dangling link': symlink('/nowhere/at all'),
  'link out': symlink('../../../etc/passwd'),
  'a pipe': fifo(),
  names: {
    '-rf': 'dash',
    'new\nline': 'n',
    ' leading and trailing ': 's',
    'CON.txt': 'w',
    'semi;colon:"quotes"*?<>|\\': 'q',
    '🦆 ünïcode': 'u',
    'e\u0301 decomposed': '1',
    '\u00e9 composed': '2',
    '...': 'dots',
    [rawName('\xff\xfe not utf8 \x80')]: 'raw',
    ['n'.repeat(255)]: 'long',
  },
  'empty directory': directory({}, { mode: 0o700, mtimeNs: MTIME_NS }),
  deep: { er: { and: { deeper: { 'x.txt': 'down here' } } } },
  'locked directory': directory({ inside: 'i' }, { mode: 0o500 }),
  many: Object.fromEntries(
    Array.from({ length: 1_500 }, (_, index) => [
      `file ${String(index)}`,
      `content ${String(index)}`,
    ]),
  ),
};
