/**
 * @file gRPC-web on the wire: frames of flag, big-endian length and payload, perhaps in base64.
 */

export type GrpcFormat = 'text' | 'binary';

const HEADER_BYTES = 5;
const TRAILER_FLAG = 0x80;

/** The format that a content type means; undefined when it isn't gRPC-web. */
export function grpcFormat(contentType: string): GrpcFormat | undefined {
  if (contentType.startsWith('application/grpc-web-text')) return 'text';
  if (contentType.startsWith('application/grpc-web')) return 'binary';
  return undefined;
}

export const grpcContentType = (format: GrpcFormat): string =>
  format === 'text' ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto';

/** The one message of a unary request. Throws a TypeError for anything else. */
export function readRequest(body: Buffer, format: GrpcFormat): Uint8Array {
  const bytes = format === 'text' ? Buffer.from(body.toString('latin1'), 'base64') : body;
  const isWhole =
    bytes.length >= HEADER_BYTES && bytes.readUInt32BE(1) === bytes.length - HEADER_BYTES;
  if (!isWhole || bytes[0] !== 0) throw new TypeError('not one uncompressed gRPC-web frame');
  return new Uint8Array(bytes.subarray(HEADER_BYTES));
}

function frame(flag: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(flag, 0);
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

/** A message and the trailer that says it is all. */
export function writeResponse(message: Uint8Array, format: GrpcFormat): Buffer {
  const trailer = Buffer.from('grpc-status:0\r\n', 'latin1');
  const body = Buffer.concat([frame(0, message), frame(TRAILER_FLAG, trailer)]);
  return format === 'text' ? Buffer.from(body.toString('base64'), 'latin1') : body;
}
