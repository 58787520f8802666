/**
 * @file What the upload relay takes for its work: nothing, a constant, or so much for each KiB that
 * storage is bought for.
 */
import { EngineError } from '#engine/model/engine-error.ts';
import { encodedBytes } from '#engine/model/walrus.ts';

/** MIST all of it. */
export type Tip =
  | { readonly kind: 'none' }
  | { readonly kind: 'const'; readonly mist: bigint }
  | { readonly kind: 'linear'; readonly baseMist: bigint; readonly mistPerKib: bigint };

const KIB = 1024n;

/** `none`, `const:N` or `linear:BASE:PERKIB`, in MIST. Throws `usage`. */
export function parseTip(text: string): Tip {
  const [, kind, first = '', , second] =
    /^(none|const|linear)(?::([0-9]{1,15}))?(:([0-9]{1,15}))?$/.exec(text) ?? [];
  if (kind === 'none' && first === '') return { kind };
  if (kind === 'const' && first !== '' && second === undefined) {
    return { kind, mist: BigInt(first) };
  }
  if (kind === 'linear' && second !== undefined) {
    return { kind, baseMist: BigInt(first), mistPerKib: BigInt(second) };
  }
  const message = `a tip is none, const:N or linear:BASE:PERKIB (MIST), not ${text}`;
  throw new EngineError('usage', message);
}

/** What must be given for a blob of `sizeBytes`. */
export function tipMist(tip: Tip, sizeBytes: number, shardCount: number): bigint {
  switch (tip.kind) {
    case 'none':
      return 0n;
    case 'const':
      return tip.mist;
    case 'linear': {
      const startedKib = (encodedBytes(sizeBytes, shardCount) + KIB - 1n) / KIB;
      return tip.baseMist + tip.mistPerKib * startedKib;
    }
  }
}

/** The answer of `GET /v1/tip-config`. */
export function tipConfig(tip: Tip, address: string): unknown {
  switch (tip.kind) {
    case 'none':
      return 'no_tip';
    case 'const':
      return { send_tip: { address, kind: { const: Number(tip.mist) } } };
    case 'linear': {
      const linear = {
        base: Number(tip.baseMist),
        encoded_size_mul_per_kib: Number(tip.mistPerKib),
      };
      return { send_tip: { address, kind: { linear } } };
    }
  }
}
