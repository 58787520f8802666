/**
 * @file Move types as values: parsed once, compared as text.
 *
 * The text form is canonical: every address has 64 hex digits, so equal types have equal text.
 */
import { bcs } from '@mysten/sui/bcs';
import { normalizeSuiAddress } from '@mysten/sui/utils';

export type PrimitiveName =
  'bool' | 'u8' | 'u16' | 'u32' | 'u64' | 'u128' | 'u256' | 'address' | 'signer';

export type MoveType =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'vector'; readonly element: MoveType }
  | {
      readonly kind: 'struct';
      readonly address: string;
      readonly module: string;
      readonly name: string;
      readonly typeArguments: readonly MoveType[];
    }
  /** Only in signatures. */
  | { readonly kind: 'parameter'; readonly index: number };

const PRIMITIVES = new Set<string>([
  'bool',
  'u8',
  'u16',
  'u32',
  'u64',
  'u128',
  'u256',
  'address',
  'signer',
]);

export const FRAMEWORK_ADDRESS = normalizeSuiAddress('0x2');
export const STANDARD_LIBRARY_ADDRESS = normalizeSuiAddress('0x1');

export const primitive = (name: PrimitiveName): MoveType => ({ kind: 'primitive', name });
export const vectorOf = (element: MoveType): MoveType => ({ kind: 'vector', element });
export const struct = (
  address: string,
  module: string,
  name: string,
  typeArguments: readonly MoveType[] = [],
): MoveType => ({
  kind: 'struct',
  address: normalizeSuiAddress(address),
  module,
  name,
  typeArguments,
});

/** Names that stand for addresses in signatures, and type parameters by name. */
export interface TypeNames {
  readonly addresses: Readonly<Record<string, string>>;
  readonly parameters: readonly string[];
}

const NO_NAMES: TypeNames = { addresses: {}, parameters: [] };

/** Parse a type. Throws a TypeError that quotes the text. */
export function parseMoveType(text: string, names: TypeNames = NO_NAMES): MoveType {
  const trimmed = text.trim();
  if (PRIMITIVES.has(trimmed)) return primitive(trimmed as PrimitiveName);
  const parameter = names.parameters.indexOf(trimmed);
  if (parameter >= 0) return { kind: 'parameter', index: parameter };
  const match = /^([^<]+?)\s*(?:<(.*)>)?$/s.exec(trimmed);
  const head = match?.[1] ?? '';
  const rest = match?.[2];
  const typeArguments =
    rest === undefined ? [] : splitTopLevel(rest).map((part) => parseMoveType(part, names));
  if (head === 'vector' && typeArguments.length === 1 && typeArguments[0] !== undefined) {
    return vectorOf(typeArguments[0]);
  }
  const [address, module, name, ...surplus] = head.split('::');
  if (address === undefined || module === undefined || name === undefined || surplus.length > 0) {
    throw new TypeError(`not a Move type: ${text}`);
  }
  const known = names.addresses[address] ?? address;
  if (!/^0x[0-9a-fA-F]{1,64}$/.test(known) || !isIdentifier(module) || !isIdentifier(name)) {
    throw new TypeError(`not a Move type: ${text}`);
  }
  return struct(known, module, name, typeArguments);
}

const isIdentifier = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);

/** Split at commas that are outside of angle brackets. */
export function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '<') depth += 1;
    if (character === '>') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The canonical text. Two types are equal if and only if their texts are. */
export function typeText(type: MoveType): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'vector':
      return `vector<${typeText(type.element)}>`;
    case 'parameter':
      return `T${String(type.index)}`;
    case 'struct':
      return `${type.address}::${type.module}::${type.name}${argumentsText(type.typeArguments)}`;
  }
}

/** As typeText, but with the framework's short addresses, the way JSON-RPC prints types. */
export function shortTypeText(type: MoveType): string {
  return typeText(type).replace(/0x0{63}([0-9a-f])(?=::)/g, '0x$1');
}

function argumentsText(types: readonly MoveType[]): string {
  return types.length === 0 ? '' : `<${types.map(typeText).join(', ')}>`;
}

/** Put type arguments into the places of type parameters. */
export function substitute(type: MoveType, typeArguments: readonly MoveType[]): MoveType {
  switch (type.kind) {
    case 'primitive':
      return type;
    case 'vector':
      return vectorOf(substitute(type.element, typeArguments));
    case 'parameter': {
      const argument = typeArguments[type.index];
      if (argument === undefined) throw new TypeError(`no type argument ${String(type.index)}`);
      return argument;
    }
    case 'struct':
      return {
        ...type,
        typeArguments: type.typeArguments.map((argument) => substitute(argument, typeArguments)),
      };
  }
}

/** BCS of the type tag, as dynamic field ids are derived from it. */
export function typeTagBytes(type: MoveType): Uint8Array {
  return bcs.TypeTag.serialize(typeText(type)).toBytes();
}

/** Canonical text of a type given as text, e.g. with short addresses. */
export function normalizeType(text: string): string {
  return typeText(parseMoveType(text));
}
