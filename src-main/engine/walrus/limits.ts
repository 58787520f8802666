/**
 * @file A limit on everything that this folder does to the network, with its unit and reason.
 */

/** Limits that a host or a test may change. */
export interface Limits {
  /** Bodies under way to and from all storage nodes. Bounds memory whatever the blob's size. */
  readonly inFlightBytesMax: number;
  /** Bodies of requests to silent nodes, which no longer count as under way. */
  readonly setAsideBytesMax: number;
  /** Bodies under way at one storage node. One request is always allowed. */
  readonly nodeInFlightBytesMax: number;
  /** Sockets to one storage node in a small committee. */
  readonly nodeConnectionsMax: number;
  /** Sockets to all storage nodes of a committee together, at least two each. */
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  /** An answer may take this long, plus what the bytes under way need at the measured rate. */
  readonly answerTimeoutMs: number;
  /** Attempts of one request whose failure passes by itself. */
  readonly attemptsMax: number;
  readonly backoffMs: { readonly first: number; readonly max: number };
  /**
   * How long a node may not have heard of a registration. Storage nodes follow the chain by their
   * own full nodes; seconds are usual, half a minute was seen.
   */
  readonly registrationLagMs: number;
  readonly registrationBackoffMs: { readonly first: number; readonly max: number };
  /** Silence after which a request counts as stalled and a read asks somebody else. */
  readonly stallMs: { readonly min: number; readonly initial: number; readonly max: number };
  /** How long a node that stalled or failed is asked last. Doubles with each repetition. */
  readonly avoidMs: { readonly first: number; readonly max: number };
  /** How often a read walks through all sources before it gives up. */
  readonly readPassesMax: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  // About one gigabit per second at 200 ms; a tenth of the memory that a full pack takes encoded.
  inFlightBytesMax: 24 * MIB,
  // What a third of sixteen nodes can hold back by hanging, and some more.
  setAsideBytesMax: 48 * MIB,
  // One primary sliver of the largest pack at 100 shards has 4.2 MiB.
  nodeInFlightBytesMax: 5 * MIB,
  nodeConnectionsMax: 8,
  connectionsMax: 256,
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 15_000,
  attemptsMax: 5,
  backoffMs: { first: 250, max: 8_000 },
  registrationLagMs: 45_000,
  registrationBackoffMs: { first: 150, max: 2_000 },
  stallMs: { min: 200, initial: 500, max: 4_000 },
  avoidMs: { first: 5_000, max: 600_000 },
  readPassesMax: 3,
};

/** How often stalls and deadlines are looked at while requests are under way. */
export const WATCH_INTERVAL_MS = 25;
/** Added to the rank of requests to a node in bad health. Larger than the nodes of a committee. */
export const AVOIDED_RANK = 10_000;
/** Idle sockets are closed after this time. */
export const KEEP_ALIVE_MS = 10_000;
/** JSON answers and error texts. The longest documented one has about 1 KiB. */
export const JSON_ANSWER_BYTES_MAX = 64 * 1024;
/** Slivers above this size are not sent again before asking whether they are there. */
export const STATUS_CHECK_BYTES_MIN = 5_560;
/** Connections kept for nodes that left the committee long ago. */
export const CONNECTIONS_KEPT_MAX = 512;
/** Verified metadata kept for further reads of the same blobs; 0.2 MB each at 1000 shards. */
export const METADATA_KEPT_MAX = 32;
/** Answer times remembered for the estimate of what is slow. */
export const LATENCY_SAMPLES_MAX = 128;
/** A range is read by symbols only from rows longer than this: verifying a short row is cheaper. */
export const SYMBOL_RANGE_ROW_BYTES_MIN = 32 * 1024;
/** Symbols asked for in one range read. */
export const SYMBOL_RANGE_COUNT_MAX = 48;
/** The path of a node's address has no business with us; longer ones are refused by the chain. */
export const NETWORK_ADDRESS_LENGTH_MAX = 259;

/** Sockets to each node of a committee of `nodeCount`. */
export function connectionsPerNode(nodeCount: number, limits: Limits): number {
  const share = Math.floor(limits.connectionsMax / Math.max(nodeCount, 1));
  return Math.min(limits.nodeConnectionsMax, Math.max(2, share));
}

/** Bytes of a BCS SliverData whose data has `dataBytes`: length, data, symbol size, index. */
export function sliverBcsBytes(dataBytes: number): number {
  return uleb128Bytes(dataBytes) + dataBytes + 4;
}

/** Bytes of a BCS BlobMetadata (walrus-protocol: 10 + |uleb(n)| + 66 n). */
export function metadataBcsBytes(shardCount: number): number {
  return 10 + uleb128Bytes(shardCount) + 66 * shardCount;
}

function uleb128Bytes(value: number): number {
  let bytes = 1;
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}
