/**
 * @file `walrus::staking`, as far as clients look at it: the type of WAL is read off the
 * signature of `stake_with_pool`. Staking itself is not part of this chain.
 */
import { abort } from '../move/abort.ts';
import { bcs } from '@mysten/sui/bcs';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { address, u64 } from '../move/layouts.ts';
import { sites } from './abort-sites.ts';

export const stakingStructs: readonly StructDeclaration[] = [
  {
    name: 'walrus::staked_wal::StakedWal',
    abilities: ['key', 'store'],
    layout: () => bcs.struct('StakedWal', { id: address, principal: u64 }),
  },
  {
    name: 'wal::wal::WAL',
    abilities: ['drop'],
    layout: () => bcs.struct('WAL', { dummy: bcs.bool() }),
  },
  {
    name: 'sui::sui::SUI',
    abilities: ['drop'],
    layout: () => bcs.struct('SUI', { dummy: bcs.bool() }),
  },
];

export const stakingFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'walrus::staking',
    signature:
      'stake_with_pool(&mut walrus::staking::Staking, sui::coin::Coin<wal::wal::WAL>, sui::object::ID, &mut TxContext): walrus::staked_wal::StakedWal',
    run: () => abort(sites.wrongStakingVersion),
  },
];
