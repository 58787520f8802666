/**
 * Goal: an upload relay gets the tip that was quoted, and nobody anything else.
 * Method: an honest registration with a tip, then one mutation each of its decoded bytes or of what
 * was allowed.
 */
import { bcs } from '@mysten/sui/bcs';
import { describe, expect, test } from 'vitest';
import { EngineError } from '#engine/model/engine-error.ts';
import { parseObjectId } from '#engine/model/ids.ts';
import {
  buildHonest,
  coin,
  contextWith,
  DIGEST,
  friend,
  owner,
  registered,
  system,
  thief,
} from '#test/support/honest-transaction.ts';
import type { Plan } from './plan.ts';
import { checkTransaction, type PolicyContext } from './policy.ts';
import { addRegistrations, addReusingRegistration } from './programs.ts';
import { withTip, type Tip } from './tip.ts';

const relay = friend;
const wal = [coin('0xa1')];
const tip: Tip = {
  recipient: relay,
  mist: 105n,
  authPackage: Uint8Array.from({ length: 72 }, (_, index) => index),
};
const plan: Plan = withTip(
  {
    kind: 'register',
    walFrost: 16n,
    suiMist: 0n,
    walCoins: wal,
    objects: [],
    calls: { reserve_space: 1, register_blob: 1, destroy_zero: 3 },
    addCommands: (tx) =>
      addRegistrations(tx, {
        system,
        blobs: [registered],
        epochsAhead: 2,
        walCoins: wal,
        owner,
      }),
  },
  tip,
);
const context: PolicyContext = {
  ...contextWith(wal),
  kind: 'register',
  calls: plan.calls,
  tip,
  quote: plan,
  caps: { walFrost: 500n, suiMist: 0n, gasMist: 5_000n, tipMist: 200n },
};

const build = (built: Pick<Plan, 'addCommands'> = plan): Promise<Uint8Array> =>
  buildHonest((tx) => built.addCommands(tx));

type Program = NonNullable<
  ReturnType<typeof bcs.TransactionData.parse>['V1']['kind']['ProgrammableTransaction']
>;

function edit(bytes: Uint8Array, change: (program: Program) => void): Uint8Array {
  const data = bcs.TransactionData.parse(bytes);
  const program = data.V1.kind.ProgrammableTransaction;
  if (!program) throw new Error('not a program');
  change(program);
  return bcs.TransactionData.serialize(data).toBytes();
}

const pure = (program: Program, index: number): { bytes: string } => {
  const input = program.inputs[index]?.Pure;
  if (!input) throw new Error('not a value');
  return input;
};
const splitOfGas = (program: Program) =>
  program.commands.find(({ SplitCoins }) => SplitCoins?.coin.$kind === 'GasCoin')!.SplitCoins!;
/** The first is the relay's, the last the account's own. */
const transfers = (program: Program) =>
  program.commands.flatMap(({ TransferObjects }) => TransferObjects ?? []);
const registeredIn = (program: Program) => transfers(program).at(-1)!.objects[0]!;
const inputOf = (argument: { Input?: number }): number => argument.Input ?? -1;
const u64 = (amount: bigint): string => bcs.u64().serialize(amount).toBase64();

test('an honest tip is allowed, and what it is for is the first input', async () => {
  const bytes = await build();
  expect(checkTransaction(bytes, context).gasMistMax).toBe(4_000n);
  edit(bytes, (program) => {
    expect(Buffer.from(pure(program, 0).bytes, 'base64')).toEqual(Buffer.from(tip.authPackage));
  });
});

test('and so it is on storage that the account has already', async () => {
  const piece = {
    ref: { objectId: parseObjectId('0xc1'), version: 3n, digest: DIGEST },
    startEpoch: 1,
    endEpoch: 3,
    storageBytes: 100n,
  };
  const reusing = withTip(
    {
      ...plan,
      walFrost: 1n,
      suiMist: 0n,
      objects: [piece.ref.objectId],
      calls: { register_blob: 1, destroy_zero: 3 },
      addCommands: (tx) =>
        addReusingRegistration(tx, {
          system,
          blob: { ...registered, storageCostFrost: 0n },
          pieces: [piece],
          endEpoch: 3,
          walCoins: wal,
          owner,
        }),
    },
    tip,
  );
  const allowed = {
    ...context,
    quote: reusing,
    objects: reusing.objects,
    calls: reusing.calls,
  };
  expect(checkTransaction(await build(reusing), allowed).gasMistMax).toBe(4_000n);
});

describe('a mutated tip is refused:', () => {
  const mutations: { name: string; change: (program: Program) => void }[] = [
    {
      name: 'to another recipient',
      change: (program) => {
        const input = pure(program, inputOf(transfers(program)[0]!.address));
        input.bytes = Buffer.from(thief.slice(2), 'hex').toString('base64');
      },
    },
    {
      name: 'one MIST more',
      change: (program) => {
        pure(program, inputOf(splitOfGas(program).amounts[0]!)).bytes = u64(106n);
      },
    },
    {
      name: 'one MIST less',
      change: (program) => {
        pure(program, inputOf(splitOfGas(program).amounts[0]!)).bytes = u64(104n);
      },
    },
    {
      name: 'twice',
      change: (program) => {
        splitOfGas(program).amounts.push(splitOfGas(program).amounts[0]!);
      },
    },
    {
      name: 'the whole gas coin',
      change: (program) => {
        transfers(program)[0]!.objects.push({ $kind: 'GasCoin', GasCoin: true });
      },
    },
    {
      name: 'the registered blob with it',
      change: (program) => {
        transfers(program)[0]!.objects.push(registeredIn(program));
      },
    },
    {
      name: 'a coin of WAL with it',
      change: (program) => {
        const index = program.commands.findIndex(({ SplitCoins }) => SplitCoins?.coin.Input);
        const NestedResult: [number, number] = [index, 0];
        transfers(program)[0]!.objects.push({ $kind: 'NestedResult', NestedResult });
      },
    },
    {
      name: 'a coin of ours with it',
      change: (program) => {
        const Input = program.inputs.findIndex(({ Object }) => Object?.ImmOrOwnedObject);
        transfers(program)[0]!.objects.push({ $kind: 'Input', Input, type: 'object' } as never);
      },
    },
    {
      name: 'for another blob',
      change: (program) => {
        pure(program, 0).bytes = Buffer.alloc(72, 9).toString('base64');
      },
    },
    {
      name: 'for nothing at all',
      change: (program) => {
        pure(program, 0).bytes = '';
      },
    },
  ];

  test.each(mutations)('$name', async ({ change }) => {
    const bytes = edit(await build(), change);
    expect(() => checkTransaction(bytes, context)).toThrow(EngineError);
  });

  const contexts: { name: string; changed: Partial<PolicyContext>; code: string }[] = [
    {
      name: 'where nobody asked for a tip',
      changed: { tip: undefined },
      code: 'transaction-not-allowed',
    },
    {
      name: 'above the most that a tip may be',
      changed: { caps: { ...context.caps, tipMist: 104n } },
      code: 'cap-exceeded',
    },
    {
      name: 'where no tip may be given',
      changed: { caps: { walFrost: 500n, suiMist: 500n, gasMist: 5_000n } },
      code: 'cap-exceeded',
    },
    {
      name: 'that exceeds the cap together with gas',
      changed: { caps: { ...context.caps, gasMist: 4_104n } },
      code: 'cap-exceeded',
    },
    {
      name: 'in a transaction of another kind',
      changed: { kind: 'certify' },
      code: 'transaction-not-allowed',
    },
    {
      name: 'other than quoted',
      changed: { quote: { walFrost: 16n, suiMist: 0n } },
      code: 'transaction-not-allowed',
    },
  ];

  test.each(contexts)('$name', async ({ changed, code }) => {
    const bytes = await build();
    expect(() => checkTransaction(bytes, { ...context, ...changed })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
