/**
 * @file What transactions take in gas: as they did lately, and until then as recorded.
 */
import type { LocalIndex } from './local-index/local-index.ts';

/**
 * In MIST, what the storage rebate leaves, rounded up: measured on a real deployment of the
 * contracts (test/vectors/real-network), and by gas.test.ts compared with it. The certification of a commit also
 * rewrites the head; an extension has room for a full transaction.
 */
export const RECORDED_GAS_MIST = {
  register: 4_200_000n,
  certify: 2_300_000n,
  extend: 5_000_000n,
  delete: 1_600_000n,
} as const;

export type GasKind = keyof typeof RECORDED_GAS_MIST;

/** Transactions that are looked at for what gas costs. */
const SAMPLES = 100;

/** One transaction of that kind. */
export function expectedGas({ ledger }: LocalIndex, kind: GasKind): bigint {
  const gas = ledger
    .page(0, SAMPLES)
    .filter((one) => one.kind === kind && one.state === 'landed')
    .map(({ actualGasMist }) => actualGasMist ?? 0n);
  if (gas.length === 0) return RECORDED_GAS_MIST[kind];
  const average = gas.reduce((sum, one) => sum + one, 0n) / BigInt(gas.length);
  return average > 0n ? average : 0n;
}

/** Registering a pack and certifying it. */
export const expectedPackGas = (index: LocalIndex): bigint =>
  expectedGas(index, 'register') + expectedGas(index, 'certify');
