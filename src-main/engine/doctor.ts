/** @file Looks at everything of a home and at the network behind it, and says what it finds. */
import type { DoctorReport } from '#contract/api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { countText } from './model/count-text.ts';
import type { EngineParts } from './engine-parts.ts';
import { EngineError, isAbort } from './model/engine-error.ts';
import { packsOfCommit, readProtection } from './protection.ts';
import { rebuildIndex } from './rebuild.ts';

type Finding = DoctorReport['findings'][number];

/** Each look is a function that gives a sentence, or throws what is wrong. */
export async function doctor(
  parts: EngineParts,
  request: { readonly rebuildIndex?: boolean },
  signal: AbortSignal,
): Promise<DoctorReport> {
  const { index, chain, options, wallet, catalog, storage } = parts;
  const findings: Finding[] = [];
  const look = async (area: string, work: () => Promise<string> | string): Promise<void> => {
    try {
      findings.push({ area, ok: true, sentence: await work(), code: undefined });
    } catch (error) {
      if (isAbort(error) || !(error instanceof EngineError)) throw error;
      findings.push({ area, ok: false, sentence: error.message, code: error.code });
    }
  };
  if (request.rebuildIndex === true) {
    // Not a look: when this fails there is nothing to look at.
    const { folders, packs, chunks } = await rebuildIndex(parts, signal);
    findings.push({
      area: 'local index',
      ok: true,
      sentence: `read back from the network: ${countText(folders, 'folder')}, ${countText(packs, 'pack')}, ${countText(chunks, 'chunk')}. Folders that were never synced must be added again`,
      code: undefined,
    });
  }
  await look('local index', () => {
    const problems = index.integrityProblems();
    if (problems.length > 0) throw new EngineError('index-damaged', problems.join('; '));
    return 'sound';
  });
  await look('spool', async () => {
    const packs = index.journal.spooled();
    for (const pack of packs) {
      await parts.spool.read(pack.packId, { sizeBytes: pack.sizeBytes, hash: pack.sealedHash });
    }
    return packs.length === 0 ? 'empty' : `${countText(packs.length, 'sealed pack')}, all sound`;
  });
  await look('chain', async () => {
    const identifier = await chain.chainIdentifier({ signal });
    if (identifier !== options.chainIdentifier) {
      throw new EngineError('home-other-network', `the endpoint is on chain ${identifier}`);
    }
    const system = await chain.readSystem({ signal });
    return `epoch ${String(system.epoch)}, ${String(system.shardCount)} shards`;
  });
  await look('wallet', async () => {
    const { walFrost, suiMist } = await chain.balances(wallet.address, signal);
    return `${wallet.address} holds ${String(walFrost)} FROST and ${String(suiMist)} MIST`;
  });
  await look('heads', async () => {
    const heads = await catalog.heads(signal);
    const folders = heads.reduce((sum, head) => sum + head.folders.length, 0);
    return `${countText(heads.length, 'device')} with ${countText(folders, 'folder')}`;
  });
  const system = await chain.readSystem({ signal }).catch(() => undefined);
  for (const folder of index.folders.all().filter(({ removed }) => !removed)) {
    await look(`folder ${folder.name}`, async () => {
      const newest = index.snapshots.newest(folder.folderId);
      if (!newest || !system) return 'not protected yet';
      const packs = packsOfCommit(index, JSON.parse(newest.record) as CommitRecord);
      const protection = await readProtection(packs, {
        chain,
        system,
        owners: parts.owners,
        signal,
      });
      if (protection.problem) throw protection.problem;
      return `${countText(packs.length, 'blob')}, all certified, until epoch ${String(protection.until?.epoch)}`;
    });
  }
  await look('storage nodes', () => {
    const failing = storage.nodeHealth().filter((node) => node.failureCount > node.successCount);
    return failing.length === 0
      ? 'none has failed more often than it answered'
      : `${String(failing.length)} fail more often than they answer`;
  });
  return { findings };
}
