/**
 * @file What the upload relay wanted when it was asked last, kept over restarts: prices of what is
 * to come are told without asking it.
 */
import type { LocalIndex } from '../local-index/local-index.ts';
import type { SuiAddress } from '../model/ids.ts';
import type { RelayTerms } from '../walrus/relay/relay-wire.ts';

const TERMS_FACT = 'relay-terms';

/** As JSON. */
interface StoredTerms {
  readonly address: SuiAddress;
  readonly baseMist: string;
  readonly mistPerKib: string;
}

type Facts = Pick<LocalIndex, 'readFact' | 'writeFact'>;

export function noteTerms(index: Facts, relayUrl: string, terms: RelayTerms): void {
  const text = JSON.stringify({ relayUrl, ...(terms && toStored(terms)) });
  if (index.readFact(TERMS_FACT) !== text) index.writeFact(TERMS_FACT, text);
}

/** `unknown` until this relay was asked; undefined where it works for nothing. */
export function recallTerms(index: Facts, relayUrl: string): RelayTerms | 'unknown' {
  const text = index.readFact(TERMS_FACT);
  if (text === undefined) return 'unknown';
  const { relayUrl: askedUrl, ...stored } = JSON.parse(text) as Partial<StoredTerms> & {
    readonly relayUrl: string;
  };
  if (askedUrl !== relayUrl) return 'unknown';
  const { address, baseMist, mistPerKib } = stored;
  if (address === undefined || baseMist === undefined || mistPerKib === undefined) return undefined;
  return { address, baseMist: BigInt(baseMist), mistPerKib: BigInt(mistPerKib) };
}

const toStored = ({ address, baseMist, mistPerKib }: NonNullable<RelayTerms>): StoredTerms => ({
  address,
  baseMist: String(baseMist),
  mistPerKib: String(mistPerKib),
});
