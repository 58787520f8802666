/**
 * @file An aggregator: blobs by their IDs over HTTP, read from the network by the official client.
 *
 * It reads every blob while all storage nodes answer; afterwards it needs none of them, which the
 * official client does (it gives up where few nodes are many shards).
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { WalrusClient } from '@mysten/walrus';
import type { RunningLocalnet } from '#localnet/localnet.ts';

export interface Aggregator {
  readonly url: string;
  close(): Promise<void>;
}

export async function startAggregator(localnet: RunningLocalnet): Promise<Aggregator> {
  const { rpc, walrus } = localnet.networkFile;
  const client = new WalrusClient({
    suiClient: new SuiGrpcClient({ network: 'localnet', baseUrl: [rpc].flat()[0]!.url }),
    storageNodeUrlScheme: 'http',
    packageConfig: {
      systemObjectId: walrus.systemObjectId,
      stakingPoolId: walrus.stakingObjectId,
    },
  });
  const blobs = new Map<string, Uint8Array>();
  for (const event of localnet.chain.events.eventsSince(0)) {
    if (event.kind !== 'blob-certified' || blobs.has(event.blobId)) continue;
    blobs.set(event.blobId, await client.readBlob({ blobId: event.blobId }));
  }
  const server = createServer((request, response) => {
    const blob = blobs.get(/^\/v1\/blobs\/([\w-]{43})$/.exec(request.url ?? '')?.[1] ?? '');
    response.writeHead(blob ? 200 : 404).end(blob);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
