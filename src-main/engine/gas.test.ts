import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RECORDED_GAS_MIST, type GasKind } from './gas.ts';

interface Recorded {
  readonly name: string;
  readonly dryRun?: {
    readonly gasUsed?: Record<'computationCost' | 'storageCost' | 'storageRebate', string>;
  };
}

const recorded = JSON.parse(
  readFileSync(
    new URL('../../test/vectors/real-network/real-transactions.json', import.meta.url),
    'utf8',
  ),
) as Recorded[];

function gasOf(name: string): bigint {
  const gas = recorded.find((one) => one.name === name)?.dryRun?.gasUsed;
  if (!gas) throw new RangeError(`no recording is called ${name}`);
  return BigInt(gas.computationCost) + BigInt(gas.storageCost) - BigInt(gas.storageRebate);
}

test.each<{ kind: GasKind; name: string; room: bigint }>([
  { kind: 'register', name: 'register deletable (blob K, kept)', room: 50_000n },
  { kind: 'certify', name: 'certify deletable (blob K)', room: 300_000n },
  {
    kind: 'extend',
    name: 'reserve_space_for_epochs + extend_blob_with_resource (blob K, 2 more epochs)',
    room: 3_000_000n,
  },
  {
    kind: 'delete',
    name: 'delete certified deletable blob (only object of that content)',
    room: 100_000n,
  },
])(
  'gas to $kind is what a real deployment took, and no more than $room above',
  ({ kind, name, room }) => {
    const taken = gasOf(name);
    expect(RECORDED_GAS_MIST[kind]).toBeGreaterThanOrEqual(taken);
    expect(RECORDED_GAS_MIST[kind]).toBeLessThanOrEqual(taken + room);
  },
);
