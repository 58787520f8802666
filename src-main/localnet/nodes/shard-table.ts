/**
 * @file The shards that a node holds, and how far it has come with each.
 */

/** As `GET /v1/health` names them. `readOnly`: lost to another node, kept until it has the data. */
export type ShardStatus = 'ready' | 'inTransfer' | 'inRecovery' | 'readOnly';

export class ShardTable {
  readonly #statuses = new Map<number, ShardStatus>();

  constructor(statuses: Iterable<readonly [number, ShardStatus]> = []) {
    for (const [shard, status] of statuses) this.#statuses.set(shard, status);
  }

  /** All, ascending. */
  entries(): readonly (readonly [number, ShardStatus])[] {
    return [...this.#statuses].sort(([a], [b]) => a - b);
  }

  /** Those of the current committee, ascending. */
  owned(): readonly number[] {
    return this.entries()
      .filter(([, status]) => status !== 'readOnly')
      .map(([shard]) => shard);
  }

  /** Whether slivers of the shard may lie here. */
  has(shard: number): boolean {
    return this.#statuses.has(shard);
  }

  isOwned(shard: number): boolean {
    const status = this.#statuses.get(shard);
    return status !== undefined && status !== 'readOnly';
  }

  set(shard: number, status: ShardStatus): void {
    this.#statuses.set(shard, status);
  }

  remove(shard: number): void {
    this.#statuses.delete(shard);
  }

  /**
   * Take over a new assignment. Returns the shards that were not held before; those no longer
   * assigned become read-only.
   */
  assign(assigned: readonly number[]): readonly number[] {
    const next = new Set(assigned);
    for (const [shard] of this.#statuses) {
      if (!next.has(shard)) this.#statuses.set(shard, 'readOnly');
    }
    const gained = assigned.filter((shard) => !this.#statuses.has(shard));
    for (const shard of gained) this.#statuses.set(shard, 'inTransfer');
    // A shard that comes back before its data was removed has missed what was stored meanwhile.
    const returned = assigned.filter((shard) => this.#statuses.get(shard) === 'readOnly');
    for (const shard of returned) this.#statuses.set(shard, 'inTransfer');
    return [...gained, ...returned].sort((a, b) => a - b);
  }
}
