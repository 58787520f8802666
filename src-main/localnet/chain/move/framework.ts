/**
 * @file The packages that exist on this chain: their structs and functions.
 *
 * There is no bytecode. A package is a list of declarations with a TypeScript body each; the
 * signature text is what the interpreter checks arguments against and what the RPC describes.
 */
import { bcs } from '@mysten/sui/bcs';
import { normalizeSuiAddress } from '@mysten/sui/utils';
import type { MoveFunction } from './call.ts';
import { address, bytes, u128, u256, u64, type AnyLayout } from './layouts.ts';
import {
  FRAMEWORK_ADDRESS,
  parseMoveType,
  splitTopLevel,
  STANDARD_LIBRARY_ADDRESS,
  typeText,
  type MoveType,
} from './types.ts';

export type Ability = 'copy' | 'drop' | 'store' | 'key';

/** Where the packages are. The framework's own addresses are fixed. */
export interface PackageIds {
  readonly walrus: string;
  readonly wal: string;
  readonly exchange: string;
}

export interface StructDeclaration {
  /** With a package name for the address: `walrus::blob::Blob`. */
  readonly name: string;
  readonly abilities: readonly Ability[];
  /** Layout of the struct for the layouts of its type arguments. */
  readonly layout: (typeArguments: readonly AnyLayout[]) => AnyLayout;
}

export interface FunctionDeclaration {
  /** With a package name: `walrus::system`. */
  readonly module: string;
  /** `name<T: key + store>(A, &mut B): C` or `...): (C, D)`; a last `&mut TxContext` is implied. */
  readonly signature: string;
  readonly run: MoveFunction;
}

export interface Parameter {
  readonly reference: 'immutable' | 'mutable' | undefined;
  readonly type: MoveType;
}

export interface FunctionSignature {
  readonly address: string;
  readonly module: string;
  readonly name: string;
  readonly typeParameters: readonly (readonly Ability[])[];
  readonly parameters: readonly Parameter[];
  readonly returns: readonly MoveType[];
  /** Whether it takes `&mut TxContext` after the parameters. */
  readonly takesContext: boolean;
  readonly run: MoveFunction;
}

const PRIMITIVE_LAYOUTS: Readonly<Record<string, AnyLayout>> = {
  bool: bcs.bool(),
  u8: bcs.u8(),
  u16: bcs.u16(),
  u32: bcs.u32(),
  u64,
  u128,
  u256,
  address,
};

export class Framework {
  readonly packages: PackageIds;
  readonly #addresses: Readonly<Record<string, string>>;
  readonly #structs = new Map<string, StructDeclaration>();
  readonly #functions = new Map<string, FunctionSignature>();
  readonly #modules = new Set<string>();
  readonly #layouts = new Map<string, AnyLayout>();

  constructor(
    packages: PackageIds,
    structs: readonly StructDeclaration[],
    functions: readonly FunctionDeclaration[],
  ) {
    this.packages = packages;
    this.#addresses = {
      std: STANDARD_LIBRARY_ADDRESS,
      sui: FRAMEWORK_ADDRESS,
      walrus: normalizeSuiAddress(packages.walrus),
      wal: normalizeSuiAddress(packages.wal),
      exchange: normalizeSuiAddress(packages.exchange),
    };
    for (const declaration of structs) {
      const name = typeText(this.type(declaration.name));
      this.#structs.set(name, declaration);
      this.#modules.add(name.slice(0, name.lastIndexOf('::')));
    }
    for (const declaration of functions) {
      const signature = this.#parseFunction(declaration);
      const module = `${signature.address}::${signature.module}`;
      this.#modules.add(module);
      this.#functions.set(`${module}::${signature.name}`, signature);
    }
  }

  /** Parse a type written with package names. */
  type(text: string, parameters: readonly string[] = []): MoveType {
    return parseMoveType(text, { addresses: this.#addresses, parameters });
  }

  /** The address that a package name stands for. */
  addressOf(packageName: string): string {
    const found = this.#addresses[packageName];
    if (found === undefined) throw new TypeError(`no package named ${packageName}`);
    return found;
  }

  hasPackage(packageAddress: string): boolean {
    return Object.values(this.#addresses).includes(normalizeSuiAddress(packageAddress));
  }

  hasModule(packageAddress: string, module: string): boolean {
    return this.#modules.has(`${normalizeSuiAddress(packageAddress)}::${module}`);
  }

  function(packageAddress: string, module: string, name: string): FunctionSignature | undefined {
    return this.#functions.get(`${normalizeSuiAddress(packageAddress)}::${module}::${name}`);
  }

  /** Undefined for a type that this chain doesn't know. */
  struct(type: MoveType): StructDeclaration | undefined {
    return type.kind === 'struct'
      ? this.#structs.get(`${type.address}::${type.module}::${type.name}`)
      : undefined;
  }

  abilities(type: MoveType): ReadonlySet<Ability> {
    switch (type.kind) {
      case 'primitive':
        return new Set(['copy', 'drop', 'store']);
      case 'vector':
        return new Set([...this.abilities(type.element)].filter((ability) => ability !== 'key'));
      case 'parameter':
        return new Set();
      case 'struct': {
        const declared = this.struct(type)?.abilities ?? [];
        if (type.name !== 'Option') return new Set(declared);
        const content = type.typeArguments[0];
        const inner = content === undefined ? new Set<Ability>() : this.abilities(content);
        return new Set(declared.filter((ability) => inner.has(ability)));
      }
    }
  }

  /** BCS layout. Throws a TypeError for a type that this chain doesn't know. */
  layout(type: MoveType): AnyLayout {
    const text = typeText(type);
    const known = this.#layouts.get(text);
    if (known !== undefined) return known;
    const layout = this.#buildLayout(type);
    this.#layouts.set(text, layout);
    return layout;
  }

  #buildLayout(type: MoveType): AnyLayout {
    if (type.kind === 'primitive') {
      const layout = PRIMITIVE_LAYOUTS[type.name];
      if (layout !== undefined) return layout;
    }
    if (type.kind === 'vector') {
      const isBytes = type.element.kind === 'primitive' && type.element.name === 'u8';
      return isBytes ? bytes : bcs.vector(this.layout(type.element));
    }
    if (type.kind === 'struct') {
      const declaration = this.struct(type);
      if (declaration !== undefined) {
        return declaration.layout(type.typeArguments.map((argument) => this.layout(argument)));
      }
    }
    throw new TypeError(`unknown type ${typeText(type)}`);
  }

  #parseFunction(declaration: FunctionDeclaration): FunctionSignature {
    const [packageName, module] = declaration.module.split('::');
    const match = /^(\w+)(?:<([^(]*)>)?\(([^()]*)\)(?::\s*(.+))?$/s.exec(declaration.signature);
    const name = match?.[1];
    if (packageName === undefined || module === undefined || match === null || name === undefined) {
      throw new TypeError(`not a signature: ${declaration.signature}`);
    }
    const typeParameters = splitTopLevel(match[2] ?? '').map((text) => text.split(':'));
    const names = typeParameters.map(([parameter]) => (parameter ?? '').trim());
    const parameters = splitTopLevel(match[3] ?? '');
    const takesContext = parameters.at(-1) === '&mut TxContext';
    const returns = match[4]?.replace(/^\((.*)\)$/s, '$1') ?? '';
    return {
      address: this.addressOf(packageName),
      module,
      name,
      typeParameters: typeParameters.map(([, constraints]) => parseAbilities(constraints ?? '')),
      parameters: (takesContext ? parameters.slice(0, -1) : parameters).map((text) =>
        this.#parseParameter(text, names),
      ),
      returns: splitTopLevel(returns).map((text) => this.type(text, names)),
      takesContext,
      run: declaration.run,
    };
  }

  #parseParameter(text: string, typeParameters: readonly string[]): Parameter {
    const [, reference, type] = /^(&mut |&)?(.+)$/s.exec(text) ?? [];
    return {
      reference: reference === undefined ? undefined : reference === '&' ? 'immutable' : 'mutable',
      type: this.type(type ?? text, typeParameters),
    };
  }
}

function parseAbilities(text: string): Ability[] {
  return text
    .split('+')
    .map((part) => part.trim())
    .filter((part): part is Ability => ['copy', 'drop', 'store', 'key'].includes(part));
}
