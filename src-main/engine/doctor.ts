/** @file Looks at everything of a home and at the network behind it, and says what it finds. */
import type { DoctorReport } from '#contract/api.ts';
import type { CommitRecord } from './backup/commit-record.ts';
import { isChainFailureCode } from './chain-watch.ts';
import { countText } from './model/count-text.ts';
import type { EngineParts } from './engine-parts.ts';
import { EngineError, isAbort } from './model/engine-error.ts';
import type { WalrusSystem } from './model/walrus.ts';
import { packsOfCommit, readProtection } from './protection.ts';
import { rebuildIndex } from './rebuild.ts';

type Finding = DoctorReport['findings'][number];

const CHAIN = 'chain';

/** Each look is a function that gives a sentence, or throws what is wrong. */
export async function doctor(
  parts: EngineParts,
  request: { readonly rebuildIndex?: boolean },
  signal: AbortSignal,
): Promise<DoctorReport> {
  const { index, chain, options, wallet, catalog, storage } = parts;
  const findings: Finding[] = [];
  /** Gives what is wrong, if anything is. */
  const look = async (
    area: string,
    work: () => Promise<string> | string,
  ): Promise<EngineError | undefined> => {
    try {
      findings.push({ area, state: 'ok', sentence: await work(), code: undefined });
      return undefined;
    } catch (error) {
      if (isAbort(error) || !(error instanceof EngineError)) throw error;
      findings.push(failedLook(area, error));
      return error;
    }
  };
  if (request.rebuildIndex === true) {
    // Not a look: when this fails there is nothing to look at.
    const { folders, packs, chunks } = await rebuildIndex(parts, signal);
    findings.push({
      area: 'local index',
      state: 'ok',
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
  let system: WalrusSystem | undefined;
  const chainFailure = await look(CHAIN, async () => {
    const identifier = await chain.chainIdentifier({ signal });
    if (identifier !== options.chainIdentifier) {
      throw new EngineError('home-other-network', `the endpoint is on chain ${identifier}`);
    }
    system = await chain.readSystem({ signal });
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
  for (const folder of index.folders.all().filter(({ removed }) => !removed)) {
    await look(`folder ${folder.name}`, async () => {
      const newest = index.snapshots.newest(folder.folderId);
      if (!newest) return 'not protected yet';
      if (!system) throw chainFailure ?? new EngineError('internal', 'the chain was not read');
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

/** What depends on a chain that is away, or another one, is neither well nor ill: nobody knows. */
function failedLook(area: string, { code, message }: EngineError): Finding {
  const isUnknown = area !== CHAIN && (isChainFailureCode(code) || code === 'home-other-network');
  return isUnknown
    ? { area, state: 'unknown', sentence: `could not be asked: ${message}`, code }
    : { area, state: 'bad', sentence: message, code };
}
