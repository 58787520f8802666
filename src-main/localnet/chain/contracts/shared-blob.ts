/**
 * @file `walrus::shared_blob`: a blob that anyone may fund and extend.
 */
import type { Call } from '../move/call.ts';
import type { FunctionDeclaration, StructDeclaration } from '../move/framework.ts';
import { joinBalance } from './balance.ts';
import { intoBalance } from './framework.ts';
import {
  sharedBlobLayout,
  type BlobStruct,
  type CoinStruct,
  type SharedBlobStruct,
} from './layouts.ts';
import { extendBlob, systemState } from './system.ts';

export const sharedBlobStructs: readonly StructDeclaration[] = [
  {
    name: 'walrus::shared_blob::SharedBlob',
    abilities: ['key', 'store'],
    layout: () => sharedBlobLayout,
  },
];

const SHARED_BLOB = 'walrus::shared_blob::SharedBlob';

function shareBlob(call: Call, funds: () => bigint): undefined {
  const blob = call.argument<BlobStruct>(0);
  const id = call.newId();
  call.share(SHARED_BLOB, { id, blob, funds: funds() } as { readonly id: string });
}

/** The funds become a coin for the call and come back as what is left. */
function extendShared(call: Call): undefined {
  const shared = call.argument<SharedBlobStruct>(0);
  const coin: CoinStruct = { id: call.newId(), balance: shared.funds };
  extendBlob(call, systemState(call, 1), shared.blob, call.argument<number>(2), coin);
  shared.funds = intoBalance(call, coin);
}

export const sharedBlobFunctions: readonly FunctionDeclaration[] = [
  {
    module: 'walrus::shared_blob',
    signature: 'new(walrus::blob::Blob, &mut TxContext)',
    run: (call) => shareBlob(call, () => 0n),
  },
  {
    module: 'walrus::shared_blob',
    signature: 'new_funded(walrus::blob::Blob, sui::coin::Coin<wal::wal::WAL>, &mut TxContext)',
    run: (call) => shareBlob(call, () => intoBalance(call, call.argument<CoinStruct>(1))),
  },
  {
    module: 'walrus::shared_blob',
    signature: `fund(&mut ${SHARED_BLOB}, sui::coin::Coin<wal::wal::WAL>)`,
    run: (call) => {
      const shared = call.argument<SharedBlobStruct>(0);
      const added = intoBalance(call, call.argument<CoinStruct>(1));
      shared.funds = joinBalance(shared.funds, added);
      return [];
    },
  },
  {
    module: 'walrus::shared_blob',
    signature: `extend(&mut ${SHARED_BLOB}, &mut walrus::system::System, u32, &mut TxContext)`,
    run: extendShared,
  },
];
