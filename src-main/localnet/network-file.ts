/**
 * @file The network file of a local network: what engines need to use it, and what only a local
 * network can tell, which node is where.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chain } from './chain/chain.ts';
import { HOST, type LocalnetSettings, type LocalnetTransport } from './settings.ts';

/** The network file, with what only a local network can tell. */
export interface LocalnetNetworkFile {
  readonly name: 'local';
  readonly rpc: LocalnetRpc | readonly LocalnetRpc[];
  readonly walrus: {
    readonly systemObjectId: string;
    readonly stakingObjectId: string;
    readonly exchangeObjectIds: readonly string[];
  };
  readonly faucet: { readonly url: string };
  readonly transactions: { readonly expiration: 'default' };
  readonly nodes: { readonly scheme: 'http' | 'https'; readonly trust: 'none' | 'pinned' };
  readonly uploadRelay?: { readonly url: string };
  readonly storageNodes: readonly {
    readonly index: number;
    readonly id: string;
    readonly address: string;
    readonly shards: readonly number[];
  }[];
}

export interface LocalnetRpc {
  readonly transport: LocalnetTransport;
  readonly url: string;
}

/** Where the RPC is reached, one entry per transport. */
export function rpcEndpoints(settings: LocalnetSettings): readonly LocalnetRpc[] {
  const url = `http://${HOST}:${String(settings.rpcPort)}`;
  return settings.rpc.map((transport) => ({ transport, url }));
}

export function describeNetwork(settings: LocalnetSettings, chain: Chain): LocalnetNetworkFile {
  const endpoints = rpcEndpoints(settings);
  const [only] = endpoints;
  return {
    name: 'local',
    rpc: endpoints.length === 1 && only ? only : endpoints,
    walrus: {
      systemObjectId: chain.networkIds.systemObjectId,
      stakingObjectId: chain.networkIds.stakingObjectId,
      exchangeObjectIds: chain.networkIds.exchangeObjectIds,
    },
    faucet: { url: `http://${HOST}:${String(settings.faucetPort)}/v2/gas` },
    transactions: { expiration: 'default' },
    nodes: settings.https
      ? { scheme: 'https', trust: 'pinned' }
      : { scheme: 'http', trust: 'none' },
    ...(settings.relay
      ? { uploadRelay: { url: `http://${HOST}:${String(settings.relay.port)}` } }
      : {}),
    storageNodes: chain.view.committee.members.map(({ nodeId, networkAddress, shards }, index) => ({
      index,
      id: nodeId,
      address: networkAddress,
      shards,
    })),
  };
}

/** Write it where engines on this computer look for it. */
export function writeNetworkFile(dir: string, networkFile: LocalnetNetworkFile): void {
  const incoming = join(dir, 'network.json.new');
  writeFileSync(incoming, `${JSON.stringify(networkFile, undefined, 2)}\n`);
  renameSync(incoming, join(dir, 'network.json'));
}
