/** @file Asks every storage node of a committee whether it is there, now. */
import type { ObjectId } from '#engine/model/ids.ts';
import type { Committee } from '#engine/model/walrus.ts';
import { READ_RANK } from './blob-metadata.ts';
import type { NetworkContext } from './network-context.ts';
import { getNodeEpoch } from './storage-node-client.ts';

/** Whoever has not answered by then does not answer a person's question. */
const PATIENCE_MS = 6_000;

/** The nodes that answered. Each is asked once; how it went is noted in its health. */
export async function rollCall(
  context: NetworkContext,
  committee: Committee,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReadonlySet<ObjectId>> {
  const scope = context.openScope(options.signal);
  const patience = new AbortController();
  const present = new Set<ObjectId>();
  context.clock
    .sleep(PATIENCE_MS, patience.signal)
    .then(() => scope.end())
    .catch(() => undefined);
  try {
    await Promise.all(
      committee.members.map(async (storageNode) => {
        const connection = context.connect(storageNode, committee);
        try {
          const call = { signal: scope.signal, rank: READ_RANK };
          const answer = await getNodeEpoch(connection, call);
          if (answer.kind === 'ok') present.add(storageNode.nodeId);
        } catch (error) {
          options.signal?.throwIfAborted();
          if (!scope.signal.aborted) throw error;
          connection.reportSilence(`no answer within ${String(PATIENCE_MS / 1000)} s`);
        }
      }),
    );
    return present;
  } finally {
    patience.abort();
    scope.end();
  }
}
