/**
 * @file What restored entries are called on a target that does not take every name.
 *
 * On a file system that tells all names apart, names stay as they are, byte for byte. Elsewhere
 * what it would refuse or mix up is escaped: `%` and two hex digits for a byte, and `%~2` at the
 * end of a name that differs from another only in case or Unicode form. `%` itself is escaped
 * where it could be taken for an escape, so `unescapeName` always gives the name back.
 *
 * A name that could lead out of its directory is refused everywhere.
 */
import { rawPath, type RawPath } from '#engine/model/ids.ts';
import type { NameRules } from '#engine/ports/file-system.ts';

export type PlannedName =
  | { readonly name: RawPath; readonly targetName: RawPath }
  | {
      readonly name: RawPath;
      readonly targetName: undefined;
      /** `hostile`: no name at all. `duplicate`: the directory holds it already. */
      readonly reason: 'hostile' | 'duplicate';
    };

/** Plan the names of one directory. The result has the order of `names`, and as many. */
export function planNames(names: readonly RawPath[], rules: NameRules): readonly PlannedName[] {
  const seen = new Set<RawPath>();
  const taken = new Set<string>();
  return names.map((name): PlannedName => {
    if (isHostile(name)) return { name, targetName: undefined, reason: 'hostile' };
    if (seen.has(name)) return { name, targetName: undefined, reason: 'duplicate' };
    seen.add(name);
    if (takesEveryName(rules)) return { name, targetName: name };
    return { name, targetName: distinct(escapeName(name, rules), rules, taken) };
  });
}

function takesEveryName(rules: NameRules): boolean {
  return rules.isCaseSensitive && rules.isFormSensitive && rules.allowsAnyBytes && !rules.isWindows;
}

function isHostile(name: RawPath): boolean {
  // eslint-disable-next-line no-control-regex -- NUL is what this looks for
  return name === '' || name === '.' || name === '..' || /[/\u0000]/.test(name);
}

/** The name of an entry that a restore has written under an escaped one. */
export function unescapeName(targetName: RawPath): RawPath {
  return targetName
    .replace(/%~\d+$/, '')
    .replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    ) as RawPath;
}

/** Devices that Windows finds in every directory, with any extension. */
const RESERVED_PATTERN =
  /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)([0-9]|\u00b9|\u00b2|\u00b3))[ ]*(\.|$)/i;
// eslint-disable-next-line no-control-regex -- Windows refuses control characters
const WINDOWS_REFUSED_PATTERN = /[<>:"\\|?*\u0000-\u001f]/g;
const LOOKS_ESCAPED_PATTERN = /%(?=[0-9A-Fa-f]{2}|~)/g;

function escapeName(name: RawPath, rules: NameRules): RawPath {
  let escaped: string = name.replace(LOOKS_ESCAPED_PATTERN, '%25');
  if (!rules.allowsAnyBytes) escaped = escapeBadBytes(escaped);
  if (rules.isWindows) {
    escaped = escaped.replace(WINDOWS_REFUSED_PATTERN, escapeByte).replace(/[. ]$/, escapeByte);
    const text = Buffer.from(escaped, 'latin1').toString('utf8');
    if (RESERVED_PATTERN.test(text)) escaped = escapeByte(escaped[0] ?? '') + escaped.slice(1);
  }
  return escaped as RawPath;
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Escape every byte that is not part of a UTF-8 character. */
function escapeBadBytes(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return name;
  let escaped = '';
  for (let index = 0; index < bytes.length;) {
    const length = characterLength(bytes, index);
    const piece = name.slice(index, index + Math.max(length, 1));
    escaped += length === 0 ? escapeByte(piece) : piece;
    index += piece.length;
  }
  return escaped;
}

/** The length of the UTF-8 character at `index`, or 0 where there is none. */
function characterLength(bytes: Buffer, index: number): number {
  for (let length = 1; length <= 4 && index + length <= bytes.length; length += 1) {
    const piece = bytes.subarray(index, index + length);
    if (Buffer.from(piece.toString('utf8'), 'utf8').equals(piece)) return length;
  }
  return 0;
}

/** The name, or the name with a number, that no other of the directory is taken for. */
function distinct(name: RawPath, rules: NameRules, taken: Set<string>): RawPath {
  let candidate = name;
  for (let number = 2; taken.has(folded(candidate, rules)); number += 1) {
    candidate = `${name}%~${String(number)}` as RawPath;
  }
  taken.add(folded(candidate, rules));
  return candidate;
}

/** What the target compares instead of the name. */
function folded(name: RawPath, rules: NameRules): string {
  let text = Buffer.from(name, 'latin1').toString('utf8');
  if (!rules.isFormSensitive) text = text.normalize('NFD');
  if (!rules.isCaseSensitive) text = text.toUpperCase().toLowerCase();
  if (!rules.isFormSensitive) text = text.normalize('NFC');
  return rawPath(text);
}
