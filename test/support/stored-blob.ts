/**
 * @file A blob on its way to the storage nodes of a group, without any client of ours.
 */
import { request } from 'node:http';
import { encodeBlob, readMetadata, type EncodedBlob } from '#engine/codec/rs2.ts';
import { epoch, sliverPairIndex, type ObjectId } from '#engine/model/ids.ts';
import type { SliverAxis, StorageNode as CommitteeMember } from '#engine/model/walrus.ts';
import { pairOfShard } from '#localnet/nodes/encoding.ts';
import { numberedId, type NodeGroup } from './node-group.ts';

/** An HTTP answer, its JSON parsed where it is any. */
export interface NodeAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** `success.data`, else the error's reason, else undefined. */
  readonly outcome: unknown;
}

/** Each request on a connection of its own: a node that was stopped leaves none behind. */
export async function askNode(
  member: CommitteeMember,
  path: string,
  init: {
    readonly method?: string;
    readonly body?: Uint8Array;
    readonly signal?: AbortSignal;
  } = {},
): Promise<NodeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<NodeAnswer>();
  const outgoing = request(`http://${member.networkAddress}/v1${path}`, {
    method: init.method ?? 'GET',
    agent: false,
    ...(init.signal ? { signal: init.signal } : {}),
    headers: init.body ? { 'content-length': init.body.length } : {},
  });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const bytes = Buffer.concat(chunks);
      resolve({ status: response.statusCode ?? 0, bytes, outcome: outcomeOf(bytes) });
    });
  });
  outgoing.end(init.body);
  return promise;
}

function outcomeOf(bytes: Uint8Array): unknown {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined;
  const json = JSON.parse(Buffer.from(bytes).toString()) as {
    readonly success?: { readonly data: unknown };
    readonly error?: { readonly details: readonly { readonly reason: string }[] };
  };
  return json.success ? json.success.data : json.error?.details[0]?.reason;
}

/** One blob, registered as a deletable object. */
export class TestBlob {
  readonly #group: NodeGroup;
  readonly encoded: EncodedBlob;
  readonly objectId: ObjectId;

  constructor(group: NodeGroup, encoded: EncodedBlob, objectId: ObjectId) {
    this.#group = group;
    this.encoded = encoded;
    this.objectId = objectId;
  }

  get blobId() {
    return this.encoded.blobId;
  }

  get path(): string {
    return `/blobs/${this.blobId}`;
  }

  register(options: { readonly endEpoch?: number; readonly deletable?: boolean } = {}): void {
    this.#group.chain.emit({
      kind: 'blob-registered',
      blobId: this.blobId,
      objectId: this.objectId,
      sizeBytes: this.encoded.unencodedLength,
      encodingType: 1,
      endEpoch: epoch(options.endEpoch ?? 50),
      deletable: options.deletable ?? true,
    });
  }

  certify(endEpoch = 50): void {
    this.#group.chain.emit({
      kind: 'blob-certified',
      blobId: this.blobId,
      objectId: this.objectId,
      endEpoch: epoch(endEpoch),
      deletable: true,
      isExtension: false,
    });
  }

  delete(): void {
    this.#group.chain.emit({
      kind: 'blob-deleted',
      blobId: this.blobId,
      objectId: this.objectId,
      endEpoch: epoch(50),
      wasCertified: true,
    });
  }

  pairOf(shard: number): number {
    return pairOfShard(this.#group.encoding.shape, this.blobId, shard);
  }

  sliverPath(shard: number, axis: SliverAxis): string {
    return `${this.path}/slivers/${String(this.pairOf(shard))}/${axis}`;
  }

  sliver(shard: number, axis: SliverAxis): Uint8Array {
    return this.encoded.sliver(sliverPairIndex(this.pairOf(shard)), axis);
  }

  putMetadata(member: CommitteeMember, query = ''): Promise<NodeAnswer> {
    return askNode(member, `${this.path}/metadata${query}`, {
      method: 'PUT',
      body: this.encoded.metadata,
    });
  }

  putSliver(
    member: CommitteeMember,
    shard: number,
    axis: SliverAxis,
    query = '',
  ): Promise<NodeAnswer> {
    return askNode(member, `${this.sliverPath(shard, axis)}${query}`, {
      method: 'PUT',
      body: this.sliver(shard, axis),
    });
  }

  /** Everything a node should hold. */
  async storeOn(member: CommitteeMember): Promise<void> {
    await this.putMetadata(member);
    for (const shard of member.shards) {
      await this.putSliver(member, shard, 'primary');
      await this.putSliver(member, shard, 'secondary');
    }
  }

  confirmation(member: CommitteeMember): Promise<NodeAnswer> {
    return askNode(member, `${this.path}/confirmation/deletable/${this.objectId}`);
  }
}

/** A blob of `sizeBytes` whose content depends on `seed`. Nothing of it is anywhere yet. */
export async function makeBlob(
  group: NodeGroup,
  options: { readonly seed?: number; readonly sizeBytes?: number } = {},
): Promise<TestBlob> {
  const seed = options.seed ?? 1;
  const content = Uint8Array.from(
    { length: options.sizeBytes ?? 10_000 },
    (_, i) => (i * 7 + seed * 31 + (i >> 8)) & 0xff,
  );
  const encoded = await encodeBlob(content, group.committee.shardCount);
  return new TestBlob(group, encoded, numberedId(0x1000 + seed));
}

/**
 * The same slivers under metadata that names another hash for one of them: no node can ever hold
 * that one, and whoever rebuilds it can prove that the writer lied.
 */
export async function makeInconsistent(
  group: NodeGroup,
  honest: TestBlob,
  axis: SliverAxis,
): Promise<TestBlob> {
  const { shardCount } = group.committee;
  const metadata = withWrongHash(honest.encoded.metadata, axis);
  const parsed = readMetadata(metadata, shardCount);
  const lying = { ...honest.encoded, metadata, parsed, blobId: parsed.blobId };
  return new TestBlob(group, lying, honest.objectId);
}

/** BCS BlobMetadata with another hash for one sliver of the last pair. */
export function withWrongHash(metadata: Uint8Array, axis: SliverAxis): Uint8Array {
  // Per pair two nodes, each a tag and 32 bytes, the primary one first.
  const lastPair = metadata.length - 66;
  const changed = Uint8Array.from(metadata);
  const at = lastPair + (axis === 'primary' ? 1 : 34);
  changed[at] = (changed[at] ?? 0) ^ 0xff;
  return changed;
}
