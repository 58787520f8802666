/**
 * @file Move values as JSON-RPC's parsedJson shows them.
 */

/** u64 and larger as decimal text, keys in alphabetical order, bytes as numbers. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== '$kind')
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, content]) => [key, jsonValue(content)]),
    );
  }
  return value;
}
