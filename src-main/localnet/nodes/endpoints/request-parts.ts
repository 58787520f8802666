/**
 * @file Parts of requests that several endpoints read the same way.
 */
import { refuse } from '../answers.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { Undecodable } from '../wire.ts';

/** No content type is often just bytes; parameters are fine. */
export function requireOctetStream(request: NodeRequest): void {
  const type = request.header('content-type');
  if (type === undefined) return;
  const essence = type.split(';')[0]?.trim().toLowerCase();
  if (essence !== 'application/octet-stream') throw refuse.contentType();
}

/** Decode a body, or refuse it as not BCS. */
export function decodeBody<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Undecodable) throw refuse.undecodable();
    throw error;
  }
}

const badQuery = (why: string) => refuse.text(400, `Failed to deserialize query string: ${why}`);

/** `true` or `false` as a query value; absent is false. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === 'false') return false;
  if (value === 'true') return true;
  throw badQuery(`${name}: provided string was not \`true\` or \`false\``);
}

/** An unsigned number as a query value. */
export function queryNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[0-9]{1,15}$/.test(value)) throw badQuery(`${name}: invalid digit found in string`);
  return Number(value);
}

/** Whether an upload may wait for its registration. Other query fields are refused. */
export function isPendingUpload(context: NodeContext, request: NodeRequest): boolean {
  if (context.behaviour.ignoresPending) return false;
  for (const name of request.query.keys()) {
    if (name !== 'pending') throw badQuery(`unknown field \`${name}\`, expected \`pending\``);
  }
  return queryFlag(request.query, 'pending');
}
