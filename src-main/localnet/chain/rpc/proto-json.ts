/**
 * @file JSON as google.protobuf.Value.
 */
import type { GrpcTypes } from '@mysten/sui/grpc';

type Value = NonNullable<GrpcTypes.Event['json']>;

export function protoJson(json: unknown): Value {
  if (json === null || json === undefined)
    return { kind: { oneofKind: 'nullValue', nullValue: 0 } };
  if (typeof json === 'string') return { kind: { oneofKind: 'stringValue', stringValue: json } };
  if (typeof json === 'number') return { kind: { oneofKind: 'numberValue', numberValue: json } };
  if (typeof json === 'boolean') return { kind: { oneofKind: 'boolValue', boolValue: json } };
  if (Array.isArray(json)) {
    return { kind: { oneofKind: 'listValue', listValue: { values: json.map(protoJson) } } };
  }
  const fields = Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, protoJson(value)]),
  );
  return { kind: { oneofKind: 'structValue', structValue: { fields } } };
}
