/**
 * @file What a host needs of a vault before there is an engine: words, keys, the kit, and what the
 * network knows of them.
 */
import type { NetworkOffer } from '#contract/home-api.ts';
import { archiveCodec } from './archive-codec.ts';
import { isKit, readKit, writeKit } from './archive/kit.ts';
import { blake3 } from './codec/hash.ts';
import { deriveVaultKeys, parseWords, seedFromWords, type VaultKeys } from './codec/keys.ts';
import { ACCOUNT_GAP, readAllHeads, type Head } from './heads.ts';
import { openLocalIndex } from './local-index/local-index.ts';
import { EngineError } from './model/engine-error.ts';
import type { SuiAddress, VaultId } from './model/ids.ts';
import type { Network } from './model/network.ts';
import type { Clock, Logger, Random } from './ports/ports.ts';
import { deriveAccount } from './sui/account.ts';
import { openChain, type Chain } from './sui/chain.ts';

export { argon2id } from './codec/hash.ts';
export { createDeviceId, deriveVaultKeys, generateWords, seedFromWords } from './codec/keys.ts';
export type { VaultKeys } from './codec/keys.ts';

/** What the network knows about a set of words. */
export interface FoundVault {
  readonly chainIdentifier: string;
  readonly keys: VaultKeys;
  /** Devices that have published, by account. */
  readonly deviceCount: number;
  /** The account that a new device takes. */
  readonly nextAccountIndex: number;
  readonly firstAddress: SuiAddress;
  /** Of the account that a new device takes. */
  readonly nextAddress: SuiAddress;
}

/**
 * The words in a text: 24 words in any spacing, or a recovery kit.
 *
 * @throws EngineError `words-invalid`
 */
export function readWords(text: string): readonly string[] {
  return isKit(text) ? readKit(text, { blake3 }).words : parseWords(text);
}

/** Make the local index of a home that is being set up. From then on its absence is damage. */
export function createLocalIndex(path: string): void {
  openLocalIndex(path).close();
}

/** What a network is like now, for choosing one. */
export async function readNetworkFacts(
  network: Network,
  ports: { readonly clock: Clock; readonly logger: Logger; readonly random: Random },
  signal: AbortSignal,
): Promise<NonNullable<NetworkOffer['facts']>> {
  const system = await openChain(network, ports).readSystem({ signal });
  return {
    epochDurationMs: system.epochDurationMs,
    epochsAheadMax: system.epochsAheadMax,
    storageFrostPerMib: system.storagePriceFrostPerMib,
    writeFrostPerMib: system.writePriceFrostPerMib,
    shardCount: system.shardCount,
  };
}

/** Look for a vault of these words on the network. */
export async function findVault(
  words: readonly string[],
  network: Network,
  ports: { readonly clock: Clock; readonly logger: Logger; readonly random: Random },
  signal?: AbortSignal,
): Promise<FoundVault> {
  const chain = openChain(network, ports);
  const chainIdentifier = await chain.chainIdentifier(signal ? { signal } : {});
  const seed = await seedFromWords(words);
  const keys = deriveVaultKeys(seed, chainIdentifier);
  const codec = archiveCodec(ports.random);
  const heads = await readAllHeads({ chain, codec, keys, seed }, signal);
  const nextAccountIndex = await freeAccount({ chain, seed }, heads, signal);
  return {
    chainIdentifier,
    keys,
    deviceCount: heads.length,
    nextAccountIndex,
    firstAddress: deriveAccount(seed, 0).address,
    nextAddress: deriveAccount(seed, nextAccountIndex).address,
  };
}

/**
 * The account that a new device takes. Another device may hold the next one already, funded but
 * without a head so far: two devices that sign for one coin would lock it. A vault without heads has
 * only its first one.
 */
export async function freeAccount(
  { chain, seed }: { readonly chain: Chain; readonly seed: Uint8Array },
  heads: readonly Head[],
  signal: AbortSignal | undefined,
): Promise<number> {
  if (heads.length === 0) return 0;
  const from = Math.max(...heads.map(({ accountIndex }) => accountIndex)) + 1;
  for (let index = from; index < from + ACCOUNT_GAP; index += 1) {
    const { suiMist, walFrost } = await chain.balances(deriveAccount(seed, index).address, signal);
    if (suiMist === 0n && walFrost === 0n) return index;
  }
  throw new EngineError('internal', 'every account of these words within reach is in use');
}

/** The text of a recovery kit, checked to read back as the same words. */
export function kitText(kit: {
  readonly words: readonly string[];
  readonly network: Network;
  readonly chainIdentifier: string;
  readonly vaultId: VaultId;
  readonly nowMs: number;
}): string {
  const text = writeKit(
    {
      words: kit.words,
      networkName: kit.network.name,
      chainIdentifier: kit.chainIdentifier,
      vaultId: kit.vaultId,
      systemObjectId: kit.network.walrus.systemObjectId,
      stakingObjectId: kit.network.walrus.stakingObjectId,
      lastSeen: undefined,
      writtenOn: new Date(kit.nowMs).toISOString().slice(0, 10),
    },
    { blake3 },
  );
  if (readWords(text).join(' ') !== kit.words.join(' ')) {
    throw new EngineError('internal', 'a recovery kit does not read back as it was written');
  }
  return text;
}
