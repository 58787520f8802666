/**
 * @file All packages of this chain, joined into one framework.
 */
import { Framework, type PackageIds } from '../move/framework.ts';
import { blobFunctions, blobStructs } from './blob.ts';
import type { VerifyAggregate } from './certificate.ts';
import { eventStructs } from './events.ts';
import { exchangeFunctions, exchangeStructs } from './exchange.ts';
import { frameworkFunctions, frameworkStructs } from './framework.ts';
import { metadataFunctions, metadataStructs } from './metadata.ts';
import { sharedBlobFunctions, sharedBlobStructs } from './shared-blob.ts';
import { stakingFunctions, stakingStructs } from './staking.ts';
import { storageFunctions, storageStructs } from './storage-resource.ts';
import { systemFunctions, systemStructs } from './system.ts';

export function createFramework(packages: PackageIds, verifyAggregate: VerifyAggregate): Framework {
  return new Framework(
    packages,
    [
      ...frameworkStructs,
      ...metadataStructs,
      ...storageStructs,
      ...blobStructs,
      ...systemStructs,
      ...sharedBlobStructs,
      ...exchangeStructs,
      ...eventStructs,
      ...stakingStructs,
    ],
    [
      ...frameworkFunctions,
      ...metadataFunctions,
      ...storageFunctions,
      ...blobFunctions,
      ...systemFunctions(verifyAggregate),
      ...sharedBlobFunctions,
      ...exchangeFunctions,
      ...stakingFunctions,
    ],
  );
}
