/**
 * @file What a storage node answers: the JSON envelopes, and every documented failure once.
 *
 * Key order in the envelopes is that of real nodes, since clients have been seen to compare text.
 */

/** One HTTP answer. `headers` come on top of what every answer has. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array | string;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

const NODE_DOMAIN = 'storage.walrus.space';

export function success(code: number, data: unknown): Answer {
  return {
    status: code,
    body: JSON.stringify({ success: { code, data } }),
    headers: JSON_TYPE,
  };
}

export function bytesAnswer(body: Uint8Array): Answer {
  return { status: 200, body, headers: BYTES_TYPE };
}

export function textAnswer(status: number, body: string): Answer {
  return { status, body, headers: TEXT_TYPE };
}

export function htmlAnswer(body: string): Answer {
  return { status: 200, body, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body: '', headers };
}

const statusCodes = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  UNAVAILABLE_FOR_LEGAL_REASONS: 451,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

type StatusText = keyof typeof statusCodes;

/** A refusal on its way to the client. Thrown by endpoints, turned into an answer at one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: Answer;

  constructor(answer: Answer, message: string) {
    super(message);
    this.answer = answer;
  }
}

function refusal(
  status: StatusText,
  reason: string,
  message: string,
  options: { readonly domain?: string; readonly details?: readonly object[] } = {},
): Refusal {
  const code = statusCodes[status];
  const body = JSON.stringify({
    error: {
      status,
      code,
      message,
      details: [
        {
          '@type': 'ErrorInfo',
          reason,
          domain: options.domain ?? NODE_DOMAIN,
          metadata: {},
        },
        ...(options.details ?? []),
      ],
    },
  });
  return new Refusal({ status: code, body, headers: JSON_TYPE }, `${reason}: ${message}`);
}

const SUPPORTED_ENCODINGS = 'supported types are: [RS2]';
const NOT_REGISTERED = 'the blob has not been registered or has already expired';

/** Every refusal of the HTTP API, by what is wrong. */
export const refuse = {
  text: (status: number, body: string) => new Refusal(textAnswer(status, body), body),
  undecodable: () =>
    refusal('INVALID_ARGUMENT', 'INVALID_CONTENT_TYPE', 'unable to decode request body as BCS'),
  contentType: () =>
    refusal(
      'INVALID_ARGUMENT',
      'INVALID_CONTENT_TYPE',
      'Expected request with `Content-Type: application/octet-stream`',
    ),
  bodyTooLong: () =>
    refusal(
      'INVALID_ARGUMENT',
      'INVALID_CONTENT_TYPE',
      'Failed to buffer the request body: length limit exceeded',
    ),
  sliverTooLarge: (limitBytes: number) =>
    refusal(
      'INVALID_ARGUMENT',
      'SLIVER_TOO_LARGE',
      `the request body exceeds the limit of ${String(limitBytes)} bytes`,
    ),
  notRegistered: () => refusal('FAILED_PRECONDITION', 'NOT_REGISTERED', NOT_REGISTERED),
  cacheSaturated: () =>
    refusal(
      'FAILED_PRECONDITION',
      'CACHE_SATURATED',
      'pending upload cache is saturated; retry once the node catches up',
    ),
  metadataNotFound: () =>
    refusal('NOT_FOUND', 'METADATA_NOT_FOUND', 'the requested metadata is unavailable'),
  metadataForbidden: () =>
    refusal('UNAVAILABLE_FOR_LEGAL_REASONS', 'FORBIDDEN_BLOB', 'the requested metadata is blocked'),
  metadataRequired: () =>
    refusal('FAILED_PRECONDITION', 'METADATA_NOT_FOUND', 'blob metadata is required but missing'),
  metadataInvalid: (why: string) =>
    refusal(
      'INVALID_ARGUMENT',
      'INVALID_METADATA',
      `the provided metadata failed to verify: ${why}`,
    ),
  encodingUnsupported: (name: string) =>
    refusal(
      'INVALID_ARGUMENT',
      'UNSUPPORTED_ENCODING_TYPE',
      `unsupported encoding type ${name}, ${SUPPORTED_ENCODINGS}`,
    ),
  blobInvalid: (event: { readonly txDigest: string; readonly eventSeq: string }) =>
    refusal(
      'FAILED_PRECONDITION',
      'INVALID_BLOB',
      `the blob for this metadata is invalid: EventID { tx_digest: ${event.txDigest}, event_seq: ${event.eventSeq} }`,
    ),
  sliverNotFound: (context = '') =>
    refusal('NOT_FOUND', 'SLIVER_NOT_FOUND', `${context}the requested sliver is unavailable`),
  sliverForbidden: () =>
    refusal('UNAVAILABLE_FOR_LEGAL_REASONS', 'FORBIDDEN_BLOB', 'the requested sliver is forbidden'),
  sliverInvalid: (why: string) =>
    refusal('INVALID_ARGUMENT', 'INVALID_SLIVER', `the provided sliver is invalid: ${why}`),
  sliverIndexMismatch: (sliverIndex: number, pairIndex: number) =>
    refusal(
      'INVALID_ARGUMENT',
      'SLIVER_INDEX_MISMATCH',
      `sliver index ${String(sliverIndex)} is inconsistent with sliver pair index ${String(pairIndex)}`,
    ),
  indexOutOfRange: (what: string, index: number, shardCount: number) =>
    refusal(
      'INVALID_ARGUMENT',
      'INDEX_OUT_OF_RANGE',
      `${what}: requires 0 <= index (${String(index)}) < ${String(shardCount)}`,
    ),
  shardNotAssigned: (shard: number, epoch: number) =>
    refusal(
      'FAILED_PRECONDITION',
      'SHARD_NOT_ASSIGNED',
      `shard ${String(shard)} is not assigned to this node in epoch ${String(epoch)}`,
    ),
  slivers: () =>
    refusal('FAILED_PRECONDITION', 'MISSING_SLIVERS', 'the required slivers are not all stored'),
  noSymbols: () =>
    refusal(
      'FAILED_PRECONDITION',
      'NO_SYMBOLS_SPECIFIED',
      'at least one symbol ID must be specified',
    ),
  filterInvalid: (why: string) =>
    refusal('INVALID_ARGUMENT', 'INVALID_FILTER', `the filter is invalid: ${why}`),
  symbolNotHere: () =>
    refusal(
      'FAILED_PRECONDITION',
      'SYMBOL_NOT_PRESENT_AT_SHARDS',
      "the requested recovery symbol is not the responsibility of this node's shards",
    ),
  noTargets: () =>
    refusal(
      'FAILED_PRECONDITION',
      'NO_TARGET_SLIVERS_SPECIFIED',
      'at least one target sliver must be specified',
    ),
  decodingTargetOutOfRange: (target: number, sourceCount: number, axis: string) =>
    refusal(
      'INVALID_ARGUMENT',
      'RECOVERY_SYMBOL_OUT_OF_RANGE',
      'the requested recovery symbol is out of range: target sliver index out of range, requested ' +
        `target sliver index ${String(target)}, max source sliver index ${String(sourceCount)}, ` +
        `requested sliver type ${axis}`,
    ),
  proofInvalid: (why: string) => refusal('INVALID_ARGUMENT', 'INVALID_PROOF', why),
  syncUnauthorized: () =>
    refusal(
      'PERMISSION_DENIED',
      'REQUEST_UNAUTHORIZED',
      'the client is not authorized to perform the sync shard operation as it is not a storage ' +
        'node in the current committee',
    ),
  syncMessageInvalid: (why: string) =>
    refusal(
      'INVALID_ARGUMENT',
      'MESSAGE_VERIFICATION_FAILED',
      `verification of the request to start the sync failed: ${why}`,
    ),
  syncEpochInvalid: (requestEpoch: number, serverEpoch: number) =>
    refusal(
      'INVALID_ARGUMENT',
      'INVALID_EPOCH',
      `the request's epoch (${String(requestEpoch)}) is invalid, server epoch ${String(serverEpoch)}`,
    ),
  syncTooMany: (requested: number, limit: number) =>
    refusal(
      'INVALID_ARGUMENT',
      'SLIVER_COUNT_EXCEEDS_LIMIT',
      `the requested sliver count ${String(requested)} exceeds the limit of ${String(limit)}`,
    ),
  unavailable: () =>
    refusal('UNAVAILABLE', 'UNAVAILABLE', 'the service is currently unavailable', {
      domain: 'global',
    }),
  internal: () =>
    refusal(
      'INTERNAL',
      'INTERNAL_ERROR',
      'an internal server error has occurred; please report this error',
      {
        domain: 'global',
        details: [{ '@type': 'DebugInfo', stackEntries: [], detail: 'TraceID: 0' }],
      },
    ),
};
