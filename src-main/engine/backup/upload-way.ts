/**
 * @file The ways from a registered pack to a certificate, behind one interface.
 *
 * Directly, every sliver leaves this machine. By relay, the sealed pack does, once; the certificate
 * that comes back was verified (walrus/relay). Both measure the line while they are at it.
 */
import type { EncodedBlob } from '../codec/rs2.ts';
import { EngineError, hasCode } from '../model/engine-error.ts';
import type { Certificate, Committee } from '../model/walrus.ts';
import type { Clock } from '../ports/ports.ts';
import type { TipProof, UploadRelay } from '../walrus/relay/upload-relay.ts';
import type { StorageNetwork } from '../walrus/storage-network.ts';
import type { UploadOptions, UploadResult } from '../walrus/upload.ts';
import type { Uplink } from './uplink.ts';

export interface PackUpload extends Pick<
  UploadOptions,
  'committee' | 'persistence' | 'onConfirmed'
> {
  readonly blob: EncodedBlob;
  /** The sealed pack. */
  readonly payload: Uint8Array;
  /** An earlier attempt may have stored all of it: storage nodes are asked before bytes are sent. */
  readonly mayBeStored: boolean;
  /** How a relay was paid for it, if one was. */
  readonly proof: TipProof | undefined;
  readonly signal: AbortSignal;
}

export interface UploadWay {
  /** Store a registered pack. Throws as `StorageNetwork.upload` and `UploadRelay.upload` do. */
  upload(request: PackUpload): Promise<UploadResult>;
}

export interface WayParts {
  readonly network: StorageNetwork;
  readonly uplink: Uplink;
  readonly clock: Clock;
}

/** Less than this may lie in the socket's buffers when all of it seems to be sent. */
const RELAY_MEASURED_BYTES_MIN = 8 * 1024 * 1024;

export function directWay({ network, uplink, clock }: WayParts): UploadWay {
  return {
    upload: async ({ blob, committee, persistence, onConfirmed, mayBeStored, signal }) => {
      const startedAtMs = clock.monotonicMs();
      let sentBytes = 0;
      const result = await network.upload(blob, {
        committee,
        persistence,
        signal,
        ...(onConfirmed ? { onConfirmed } : {}),
        ...(mayBeStored ? { knownStored: allNodes(committee) } : {}),
        onProgress: (progress) => {
          sentBytes = progress.sentBytes;
        },
      });
      uplink.observe(sentBytes, clock.monotonicMs() - startedAtMs);
      return result;
    },
  };
}

/** `relay` is undefined where the network names none: `relay-absent`. */
export function relayWay({ network, uplink }: WayParts, relay: UploadRelay | undefined): UploadWay {
  return {
    upload: async ({ blob, payload, committee, persistence, ...request }) => {
      if (!relay) throw relayAbsent();
      const { mayBeStored, onConfirmed, proof, signal } = request;
      const { blobId } = blob;
      const found = mayBeStored
        ? await unlessMissing(() =>
            network.requestConfirmations({ blobId }, { committee, persistence, signal }),
          )
        : undefined;
      const certificate =
        found ??
        (await relay.upload({
          blobId,
          payload,
          committee,
          persistence,
          proof,
          onSent: (elapsedMs) => {
            if (payload.length >= RELAY_MEASURED_BYTES_MIN) {
              uplink.observeAtLeast(payload.length, elapsedMs);
            }
          },
          signal,
        }));
      onConfirmed?.(signedShards(certificate, committee));
      return { certificate, tail: settledTail(certificate) };
    },
  };
}

export const relayAbsent = (): EngineError =>
  new EngineError('relay-absent', 'this network names no upload relay');

/** What an earlier attempt has stored; undefined when it has not. */
async function unlessMissing(ask: () => Promise<Certificate>): Promise<Certificate | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (hasCode(error, 'quorum-missing')) return undefined;
    throw error;
  }
}

const allNodes = ({ members }: Committee): ReadonlySet<Committee['members'][number]['nodeId']> =>
  new Set(members.map(({ nodeId }) => nodeId));

/** Nothing is under way any more: what the relay has not reached, the nodes fill by recovery. */
const settledTail = ({ shardWeight }: Certificate): UploadResult['tail'] => ({
  done: Promise.resolve({ storedShards: shardWeight }),
  stop: () => undefined,
});

function signedShards({ signersBitmap }: Certificate, { members }: Committee) {
  const hasSigned = (index: number): boolean =>
    (((signersBitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  return members
    .filter(({ memberIndex }) => hasSigned(memberIndex))
    .flatMap(({ shards }) => shards);
}
