/**
 * @file Function signatures as sui_getNormalizedMoveFunction shows them.
 */
import type { FunctionSignature } from '../move/framework.ts';
import { shortTypeText, struct, type MoveType } from '../move/types.ts';
import { allParameters } from './proto-function.ts';

export function functionJson(signature: FunctionSignature): object {
  return {
    visibility: 'Public',
    isEntry: false,
    typeParameters: signature.typeParameters.map((constraints) => ({
      abilities: constraints.map((ability) => ability[0]?.toUpperCase() + ability.slice(1)),
    })),
    parameters: allParameters(signature).map(({ reference, type }) => {
      if (reference === 'mutable') return { MutableReference: typeJson(type) };
      return reference === 'immutable' ? { Reference: typeJson(type) } : typeJson(type);
    }),
    return: signature.returns.map(typeJson),
  };
}

function typeJson(type: MoveType): unknown {
  switch (type.kind) {
    case 'primitive':
      return (type.name[0]?.toUpperCase() ?? '') + type.name.slice(1);
    case 'vector':
      return { Vector: typeJson(type.element) };
    case 'parameter':
      return { TypeParameter: type.index };
    case 'struct':
      return {
        Struct: {
          address: shortTypeText(struct(type.address, 'm', 'n')).split('::')[0],
          module: type.module,
          name: type.name,
          typeArguments: type.typeArguments.map(typeJson),
        },
      };
  }
}
