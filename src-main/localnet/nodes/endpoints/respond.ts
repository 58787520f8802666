/**
 * @file From a request to its endpoint.
 */
import type { Answer } from '../answers.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { findRoute, type Route } from '../routes.ts';
import { getConfirmation } from './confirmations.ts';
import { getApiPage, getBlobStatus, getHealth } from './health.ts';
import { getMetadata, getMetadataStatus, putMetadata } from './metadata.ts';
import { getSliver, getSliverStatus, putSliver } from './slivers.ts';
import {
  getDecodingSymbols,
  getLegacySymbol,
  getRecoverySymbol,
  getRecoverySymbols,
  postInconsistencyProof,
} from './symbols.ts';
import { postSyncShard } from './sync-shard.ts';

/** Answer a request. Throws a Refusal where the answer is one. */
export async function respond(context: NodeContext, request: NodeRequest): Promise<Answer> {
  const found = findRoute(request.method, request.path, context.behaviour);
  return 'answer' in found ? found.answer : answerRoute(context, request, found.route);
}

async function answerRoute(
  context: NodeContext,
  request: NodeRequest,
  route: Route,
): Promise<Answer> {
  const isPut = request.method === 'PUT';
  switch (route.endpoint) {
    case 'metadata':
      return isPut
        ? putMetadata(context, route.blobId, request)
        : getMetadata(context, route.blobId);
    case 'metadataStatus':
      return getMetadataStatus(context, route.blobId);
    case 'sliver':
      return isPut ? putSliver(context, route, request) : getSliver(context, route);
    case 'sliverStatus':
      return getSliverStatus(context, route);
    case 'legacySymbol':
      return getLegacySymbol(context, route);
    case 'confirmationPermanent':
      return getConfirmation(context, route.blobId, undefined, request);
    case 'confirmationDeletable':
      return getConfirmation(context, route.blobId, route.objectId, request);
    case 'blobStatus':
      return getBlobStatus(context, route.blobId);
    case 'recoverySymbols':
      return getRecoverySymbols(context, route.blobId, request);
    case 'recoverySymbol':
      return getRecoverySymbol(context, route.blobId, route.symbolId);
    case 'decodingSymbols':
      return getDecodingSymbols(context, route.blobId, request);
    case 'inconsistencyProof':
      return postInconsistencyProof(context, route.blobId, route.axis, request);
    case 'health':
      return getHealth(context, request);
    case 'syncShard':
      return postSyncShard(context, request);
    case 'apiPage':
      return getApiPage();
  }
}
