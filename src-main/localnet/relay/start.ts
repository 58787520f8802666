/** @file The upload relay of a local network, from the network's settings and its chain. */
import { createHash } from 'node:crypto';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import type { Chain } from '../chain/chain.ts';
import { HOST, type LocalnetSettings } from '../settings.ts';
import { parseTip } from './tip.ts';
import { UploadRelay } from './upload-relay.ts';

/** Undefined where the network has none. */
export async function startRelay(
  settings: LocalnetSettings,
  chain: Chain,
  log: (message: string) => void,
): Promise<UploadRelay | undefined> {
  if (!settings.relay) return undefined;
  const relay = new UploadRelay({
    host: HOST,
    port: settings.relay.port,
    tip: parseTip(settings.relay.tip),
    tipAddress: tipAddress(settings.seed),
    view: chain.view,
    nowMs: () => chain.ledger.nowMs,
    findTransaction: (digest) => {
      const found = chain.ledger.transactions.byDigest(digest);
      const { bytes, committedMs, record } = found ?? {};
      if (!bytes || !record || committedMs === undefined) return undefined;
      return { bytes, committedMs, balanceChanges: record.balanceChanges };
    },
    isTls: settings.https,
    log,
  });
  await relay.start();
  return relay;
}

/** An account of the network's own: the same for as long as the network exists. */
function tipAddress(seed: string): string {
  const secret = createHash('sha256').update(`upload relay of ${seed}`).digest();
  return Ed25519Keypair.fromSecretKey(secret).toSuiAddress();
}
