/**
 * @file What the upload relay wanted when it was asked last, kept over restarts: prices of what is
 * to come are told without asking it.
 */
import type { LocalIndex } from '../local-index/local-index.ts';
import type { SuiAddress } from '../model/ids.ts';
import type { RelayTerms } from '../walrus/relay/relay-wire.ts';

const TERMS_FACT = 'relay-terms';
const WORKS_FOR_NOTHING = '';

type Facts = Pick<LocalIndex, 'readFact' | 'writeFact'>;

export function noteTerms(index: Facts, terms: RelayTerms): void {
  const text = terms ? toJson(terms) : WORKS_FOR_NOTHING;
  if (index.readFact(TERMS_FACT) !== text) index.writeFact(TERMS_FACT, text);
}

/** `unknown` until it was asked. */
export function recallTerms(index: Facts): RelayTerms | 'unknown' {
  const text = index.readFact(TERMS_FACT);
  if (text === undefined) return 'unknown';
  if (text === WORKS_FOR_NOTHING) return undefined;
  const { address, baseMist, mistPerKib } = JSON.parse(text) as Record<
    keyof NonNullable<RelayTerms>,
    string
  >;
  return {
    address: address as SuiAddress,
    baseMist: BigInt(baseMist),
    mistPerKib: BigInt(mistPerKib),
  };
}

const toJson = ({ address, baseMist, mistPerKib }: NonNullable<RelayTerms>): string =>
  JSON.stringify({ address, baseMist: String(baseMist), mistPerKib: String(mistPerKib) });
