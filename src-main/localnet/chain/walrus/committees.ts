/**
 * @file Committees of all epochs so far, kept as the storage nodes read them.
 */
import { epoch, shardIndex, type ObjectId } from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';
import {
  stakingPoolLayout,
  type StakingPoolStruct,
  type StakingStateStruct,
} from '../contracts/layouts.ts';
import type { ObjectReader } from '../execution/objects.ts';
import type { ChainDatabase } from '../store/database.ts';
import { readValue } from './state-editor.ts';

interface StoredSeat {
  readonly id: string;
  readonly name: string;
  readonly networkAddress: string;
  readonly publicKey: string;
  readonly networkPublicKey: string;
  readonly shards: readonly number[];
}

export class CommitteeTable {
  readonly #get;
  readonly #set;
  readonly #known = new Map<number, Committee>();

  constructor(database: ChainDatabase) {
    this.#get = database.prepare<[number], { members: string }>(
      'SELECT members FROM committee WHERE epoch = ?',
    );
    this.#set = database.prepare<[number, string]>(
      'INSERT INTO committee (epoch, members) VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET members = excluded.members',
    );
  }

  get(atEpoch: number): Committee | undefined {
    const known = this.#known.get(atEpoch);
    if (known !== undefined) return known;
    const row = this.#get.get(atEpoch);
    if (row === undefined) return undefined;
    const seats = JSON.parse(row.members) as StoredSeat[];
    const committee: Committee = {
      epoch: epoch(atEpoch),
      shardCount: seats.reduce((sum, seat) => sum + seat.shards.length, 0),
      members: seats.map((seat, memberIndex) => ({
        nodeId: seat.id as ObjectId,
        memberIndex,
        name: seat.name,
        networkAddress: seat.networkAddress,
        publicKey: new Uint8Array(Buffer.from(seat.publicKey, 'hex')),
        networkPublicKey: new Uint8Array(Buffer.from(seat.networkPublicKey, 'hex')),
        shards: seat.shards.map(shardIndex),
      })),
    };
    this.#known.set(atEpoch, committee);
    return committee;
  }

  /** Keep the current committee, and the one before with the addresses its nodes have now. */
  record(staking: StakingStateStruct, reader: ObjectReader): void {
    this.#put(staking.epoch, staking.committee, reader);
    if (staking.previous_committee.length > 0) {
      this.#put(staking.epoch - 1, staking.previous_committee, reader);
    }
  }

  #put(atEpoch: number, committee: StakingStateStruct['committee'], reader: ObjectReader): void {
    const seats = committee.map(({ key, value }): StoredSeat => {
      const { node_info: node } = readValue<StakingPoolStruct>(reader, key, stakingPoolLayout);
      return {
        id: key,
        name: node.name,
        networkAddress: node.network_address,
        publicKey: Buffer.from(node.public_key.bytes).toString('hex'),
        networkPublicKey: Buffer.from(node.network_public_key).toString('hex'),
        shards: value,
      };
    });
    this.#known.delete(atEpoch);
    this.#set.run(atEpoch, JSON.stringify(seats));
  }
}
