/**
 * @file Blob status, the node's health, and the page that describes the API.
 */
import type { BlobId } from '#engine/model/ids.ts';
import { htmlAnswer, success, type Answer } from '../answers.ts';
import type { NodeContext } from '../node-context.ts';
import type { NodeRequest } from '../node-server.ts';
import { queryFlag } from './request-parts.ts';

export function getBlobStatus(context: NodeContext, blobId: BlobId): Answer {
  return success(200, context.ledger().blobStatus(blobId));
}

export function getHealth(context: NodeContext, { query }: NodeRequest): Answer {
  const isDetailed = queryFlag(query, 'detailed');
  const ledger = context.ledger();
  const entries = context.shards.entries();
  const owned = entries.filter(([, status]) => status !== 'readOnly');
  const other = entries.filter(([, status]) => status === 'readOnly');
  const count = (wanted: string): number => owned.filter(([, status]) => status === wanted).length;
  const listed = (list: typeof entries) => list.map(([shard, status]) => ({ shard, status }));
  const uptimeMs = context.uptimeMs();
  return success(200, {
    uptime: {
      secs: Math.floor(uptimeMs / 1000),
      nanos: Math.floor((uptimeMs % 1000) * 1_000_000),
    },
    epoch: ledger.epoch,
    publicKey: Buffer.from(context.signer.publicKey).toString('base64'),
    nodeStatus: 'Active',
    eventProgress: {
      persisted: ledger.handledSequence,
      pending: 0,
      highestFinishedEventIndex: Math.max(0, ledger.handledSequence - 1),
    },
    shardSummary: {
      owned: owned.length,
      ownedShardStatus: {
        unknown: 0,
        ready: count('ready'),
        inTransfer: count('inTransfer'),
        inRecovery: count('inRecovery'),
      },
      readOnly: other.length,
    },
    ...(isDetailed ? { shardDetail: { owned: listed(owned), other: listed(other) } } : {}),
    latestCheckpointSequenceNumber: context.latestCheckpoint(),
  });
}

/** What `GET /v1/api` shows. Real nodes generate theirs from their source. */
export function getApiPage(): Answer {
  const endpoints = [
    'GET, PUT /v1/blobs/{blob_id}/metadata',
    'GET /v1/blobs/{blob_id}/metadata/status',
    'GET, PUT /v1/blobs/{blob_id}/slivers/{sliver_pair_index}/{sliver_type}',
    'GET /v1/blobs/{blob_id}/slivers/{sliver_pair_index}/{sliver_type}/status',
    'GET /v1/blobs/{blob_id}/confirmation/permanent',
    'GET /v1/blobs/{blob_id}/confirmation/deletable/{object_id}',
    'GET /v1/blobs/{blob_id}/status',
    'GET /v1/blobs/{blob_id}/recoverySymbols',
    'GET /v1/blobs/{blob_id}/decodingSymbols',
    'POST /v1/blobs/{blob_id}/inconsistencyProof/{sliver_type}',
    'GET /v1/health',
    'POST /v1/migrate/sync_shard',
  ];
  const items = endpoints.map((endpoint) => `<li><code>${endpoint}</code></li>`).join('\n');
  return htmlAnswer(
    '<!doctype html>\n<html lang="en">\n<head><title>Walrus storage node</title></head>\n<body>\n' +
      `<h1>Storage node of a Floe local network</h1>\n<ul>\n${items}\n</ul>\n</body>\n</html>\n`,
  );
}
