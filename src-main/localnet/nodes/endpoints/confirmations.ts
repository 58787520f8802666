/**
 * @file Storage confirmations: the node's signature under "I hold all my slivers of this blob".
 */
import { blobIdToBytes, type BlobId, type ObjectId } from '#engine/model/ids.ts';
import { refuse, success, type Answer } from '../answers.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { confirmationMessage } from '../wire.ts';
import { queryFlag, queryNumber } from './request-parts.ts';

/** Longest wait for a registration, whatever the client asks for. */
const REGISTRATION_WAIT_MS_MAX = 5_000;

/** `objectId` undefined asks for the confirmation of a permanent blob. */
export async function getConfirmation(
  context: NodeContext,
  blobId: BlobId,
  objectId: ObjectId | undefined,
  request: NodeRequest,
): Promise<Answer> {
  if (!context.behaviour.ignoresPending) await waitIfAsked(context, blobId, request);
  if (!context.ledger().isRegistered(blobId)) throw refuse.notRegistered();
  if (!holdsAllSlivers(context, blobId)) throw refuse.slivers();
  if (!mayConfirm(context, blobId, objectId)) throw refuse.notRegistered();
  const message = confirmationMessage(
    context.ledger().epoch,
    blobIdToBytes(blobId),
    objectId === undefined ? undefined : Buffer.from(objectId.slice(2), 'hex'),
  );
  // A forged confirmation is a valid signature under something else.
  const signed = context.forgeries.has('confirmation')
    ? Buffer.concat([message, Uint8Array.of(0)])
    : message;
  const signature = await context.signer.sign(signed);
  return success(200, {
    signed: {
      serializedMessage: Buffer.from(message).toString('base64'),
      signature: Buffer.from(signature).toString('base64'),
    },
  });
}

async function waitIfAsked(
  context: NodeContext,
  blobId: BlobId,
  { query }: NodeRequest,
): Promise<void> {
  const isAsked = queryFlag(query, 'wait_for_registration');
  const waitMs = queryNumber(query, 'wait_millis') ?? REGISTRATION_WAIT_MS_MAX;
  if (!isAsked || context.ledger().isRegistered(blobId)) return;
  await context.untilRegistered(blobId, Math.min(waitMs, REGISTRATION_WAIT_MS_MAX));
}

/** Whether metadata and both slivers of every shard of the latest committee are stored. */
export function holdsAllSlivers(
  context: Pick<NodeContext, 'store' | 'shards'>,
  blobId: BlobId,
): boolean {
  const { store, shards } = context;
  return (
    store.hasMetadata(blobId) &&
    shards
      .owned()
      .every(
        (shard) =>
          store.hasSliver(blobId, shard, 'primary') && store.hasSliver(blobId, shard, 'secondary'),
      )
  );
}

/**
 * Whether what the confirmation says about persistence is so. Real nodes sign for any live object
 * and leave the rest to the chain (`laxConfirmations`).
 */
function mayConfirm(context: NodeContext, blobId: BlobId, objectId: ObjectId | undefined): boolean {
  const ledger = context.ledger();
  const { laxConfirmations } = context.behaviour;
  if (objectId === undefined) return laxConfirmations || ledger.hasPermanentRegistration(blobId);
  const registration = ledger.registration(objectId);
  if (!registration) return false;
  return laxConfirmations || (registration.deletable && registration.blobId === blobId);
}
