/** @file An empty home as an engine might describe it, for first runs on public networks. */
import type { HomeState, NetworkOffer, SecretPlace } from '#contract/home-api.ts';
import { calm, home, settings } from './sample.ts';
import type { Script } from './scripted-window.ts';

/** The words of the specification's own example. */
export const NEW_WORDS: readonly string[] =
  'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless'.split(
    ' ',
  );
export const ASK_BACK: readonly number[] = [3, 11, 20];

const offer = (name: NetworkOffer['name'], epochDurationMs: number): NetworkOffer => ({
  name,
  facts: {
    epochDurationMs,
    epochsAheadMax: 53,
    storageFrostPerMib: 11_000n,
    writeFrostPerMib: 20_000n,
    shardCount: 1_000,
  },
  problem: undefined,
});
const DAY_MS = 86_400_000;

export function emptyHome(options: {
  /** Why the keychain cannot be used. */
  readonly problem: string | undefined;
  readonly onSetUp?: (place: SecretPlace) => void;
}): Script {
  const empty: HomeState = { ...home, state: 'empty', networkName: undefined };
  return {
    ...calm([]),
    home: () => empty,
    settings: () => settings,
    networks: () => [offer('testnet', DAY_MS), offer('mainnet', 14 * DAY_MS)],
    makeWords: () => ({ draftId: 'draft', words: NEW_WORDS, askBack: ASK_BACK }),
    confirmWords: () => ({ isRight: true, wrong: [] }),
    secretPlaces: () => [
      { kind: 'keychain', problem: options.problem },
      { kind: 'passphrase', problem: undefined },
    ],
    setUp: ({ secretPlace }) => {
      options.onSetUp?.(secretPlace);
      return { ...home, networkName: 'testnet' };
    },
  };
}
