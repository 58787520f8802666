/**
 * @file Function signatures as protobuf messages.
 */
import { GrpcTypes } from '@mysten/sui/grpc';
import type { Ability, FunctionSignature, Parameter } from '../move/framework.ts';
import { struct, typeText, FRAMEWORK_ADDRESS, type MoveType } from '../move/types.ts';

const { Ability: AbilityValue, OpenSignatureBody_Type: BodyType } = GrpcTypes;

const ABILITIES: Readonly<Record<Ability, GrpcTypes.Ability>> = {
  copy: AbilityValue.COPY,
  drop: AbilityValue.DROP,
  store: AbilityValue.STORE,
  key: AbilityValue.KEY,
};

/** All parameters, the context included. */
export function allParameters(signature: FunctionSignature): readonly Parameter[] {
  if (!signature.takesContext) return signature.parameters;
  const type = struct(FRAMEWORK_ADDRESS, 'tx_context', 'TxContext');
  return [...signature.parameters, { reference: 'mutable', type }];
}

export function functionMessage(signature: FunctionSignature): GrpcTypes.FunctionDescriptor {
  return GrpcTypes.FunctionDescriptor.create({
    name: signature.name,
    visibility: GrpcTypes.FunctionDescriptor_Visibility.PUBLIC,
    isEntry: false,
    typeParameters: signature.typeParameters.map((constraints) => ({
      constraints: constraints.map((ability) => ABILITIES[ability]),
      isPhantom: false,
    })),
    parameters: allParameters(signature).map((parameter) => ({
      ...(parameter.reference === undefined
        ? {}
        : { reference: GrpcTypes.OpenSignature_Reference[reference(parameter.reference)] }),
      body: bodyMessage(parameter.type),
    })),
    returns: signature.returns.map((type) => ({ body: bodyMessage(type) })),
  });
}

const reference = (kind: 'immutable' | 'mutable') =>
  kind === 'immutable' ? 'IMMUTABLE' : 'MUTABLE';

function bodyMessage(type: MoveType): GrpcTypes.OpenSignatureBody {
  switch (type.kind) {
    case 'primitive':
      return {
        type: BodyType[type.name.toUpperCase() as 'U64'],
        typeParameterInstantiation: [],
      };
    case 'vector':
      return { type: BodyType.VECTOR, typeParameterInstantiation: [bodyMessage(type.element)] };
    case 'parameter':
      return {
        type: BodyType.TYPE_PARAMETER,
        typeParameter: type.index,
        typeParameterInstantiation: [],
      };
    case 'struct':
      return {
        type: BodyType.DATATYPE,
        typeName: typeText({ ...type, typeArguments: [] }),
        typeParameterInstantiation: type.typeArguments.map(bodyMessage),
      };
  }
}
