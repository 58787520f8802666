/** @file A try-out whose folder moves to Testnet, as an engine might describe it. */
import type { FolderStatus } from '#contract/api.ts';
import type { SerializedError } from '#contract/errors.ts';
import type { MoveQuote } from '#contract/move-api.ts';
import type { Quote } from '#contract/storage-api.ts';
import { calm, folder, home, NOW_MS, status } from './sample.ts';
import type { Script } from './scripted-window.ts';

const wal = (amount: number): bigint => BigInt(Math.round(amount * 1e9));
const cost = (amount: number) => ({ walFrost: wal(amount), gasMist: wal(amount / 40) });
const until = { epoch: 53, atMs: NOW_MS + 53 * 86_400_000 };
const network = {
  ...status([]).network,
  name: 'local',
  isTryOut: true,
  shardCount: 100,
  nodeCount: 16,
};

const quote: Quote = {
  now: cost(0.41),
  perMonth: cost(0.23),
  protectedUntil: until,
  blobCount: 26,
  transactionCount: 52,
  encodedBytes: 14_400_000_000n,
  missing: cost(0.41),
};
const testnet: MoveQuote = {
  networkName: 'testnet',
  home: '/home/anna/.local/share/floe-testnet',
  hasVault: false,
  quote,
};

const documents = folder('Documents');

const short: SerializedError = {
  code: 'balance-low',
  message: 'The wallet holds 0 WAL; this needs 0.41.',
  next: 'Send coins.',
  context: {},
};
const waiting = folder('Documents', {
  state: 'attention',
  problem: short,
  protectedUntil: undefined,
});

export interface FoldersInBoth {
  readonly here?: readonly FolderStatus[];
  readonly inTestnet?: readonly FolderStatus[];
}

/** No move, one that waits for coins, or one that is done. */
export function moving(moves: readonly ('short' | 'done')[], folders: FoldersInBoth = {}): Script {
  const isDone = moves.includes('done');
  const here = folders.here ?? [{ ...documents, removed: isDone }, folder('Photos')];
  const inTestnet = folders.inTestnet ?? [isDone ? documents : waiting];
  const there: Script = {
    ...calm(inTestnet),
    quote: () => quote,
    funding: () => ({
      address: `0x${'1f'.repeat(32)}`,
      balance: { walFrost: 0n, gasMist: 0n },
      missing: cost(0.41),
      hasFaucet: false,
      hasExchange: false,
    }),
    home: () => ({ ...home, networkName: 'testnet' }),
  };
  return {
    ...calm(here, { network }),
    home: () => ({ ...home, networkName: 'local', isTryOut: true }),
    quoteMove: () => testnet,
    otherHomes: () => ({
      homes: moves.map(() => ({
        networkName: 'testnet',
        home: testnet.home,
        problem: undefined,
      })),
      moves: moves.map((state) => ({
        folderId: documents.folderId,
        folderName: documents.name,
        networkName: 'testnet',
        folderIdThere: documents.folderId,
        state: state === 'done' ? 'done' : 'moving',
        problem: state === 'done' ? undefined : short,
      })),
    }),
    callOtherHome: async ({ method, request }) => {
      const answer = (there as Record<string, ((request: unknown) => unknown) | undefined>)[method];
      if (!answer) throw new Error(`the other home has no ${method}`);
      return answer(request);
    },
  };
}
