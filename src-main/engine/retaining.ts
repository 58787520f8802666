/**
 * @file The rules by which a folder's history is thinned out, as the person set them, and whether
 * they are frozen.
 */
import type { RetentionPolicy } from '#contract/storage-api.ts';
import type { EngineParts } from './engine-parts.ts';
import type { FolderRecord } from './local-index/folder-table.ts';

export interface FolderRetention {
  /** Undefined: every snapshot stays. */
  readonly policy: RetentionPolicy | undefined;
  /** Since when nothing is forgotten by rule, because of what the files looked like; or not. */
  readonly frozen: { readonly atMs: number; readonly files: number } | undefined;
}

const policyFact = (folder: FolderRecord): string => `retention-${folder.folderId}`;
const frozenFact = (folder: FolderRecord): string => `retention-frozen-${folder.folderId}`;

export function retentionOf({ index }: EngineParts, folder: FolderRecord): FolderRetention {
  const policy = index.readFact(policyFact(folder)) || undefined;
  const frozen = index.readFact(frozenFact(folder)) || undefined;
  return {
    policy: policy === undefined ? undefined : readPolicy(policy),
    frozen: frozen === undefined ? undefined : (JSON.parse(frozen) as FolderRetention['frozen']),
  };
}

/** JSON has no undefined, so a duration that is not there is left out. */
function readPolicy(text: string): RetentionPolicy {
  const { keepWithinMs, ...rest } = JSON.parse(text) as RetentionPolicy;
  return { ...rest, keepWithinMs };
}

export function writeRetention(
  { index }: EngineParts,
  folder: FolderRecord,
  policy: RetentionPolicy | undefined,
): void {
  index.writeFact(policyFact(folder), policy === undefined ? '' : JSON.stringify(policy));
}

export function freezeRetention(
  { index }: EngineParts,
  folder: FolderRecord,
  frozen: FolderRetention['frozen'],
): void {
  index.writeFact(frozenFact(folder), frozen === undefined ? '' : JSON.stringify(frozen));
}
