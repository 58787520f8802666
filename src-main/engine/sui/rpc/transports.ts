/**
 * @file Opens the SDK client that speaks an endpoint's transport.
 *
 * - grpc-web: what full nodes offer today.
 * - json-rpc: deprecated in Sui, and the only one that Sui 1.55 and this SDK have in common.
 * - graphql: experimental. What we send is tested; it was never tried on a real endpoint.
 */
import { createRequire } from 'node:module';
import type * as GraphQl from '@mysten/sui/graphql';
import { SuiGrpcClient } from '@mysten/sui/grpc';
import { JsonRpcError, JsonRpcHTTPTransport, SuiJsonRpcClient } from '@mysten/sui/jsonRpc';
import { EngineError } from '#engine/model/engine-error.ts';
import type { RpcEndpoint } from '#engine/model/network.ts';
import type { Clock, Logger, Random } from '#engine/ports/ports.ts';
import { invalidAnswer } from './answers.ts';
import { openBoundedFetch, type FetchFailures } from './bounded-fetch.ts';
import type { ChainRpc } from './chain-rpc.ts';
import { SdkRpc, type SdkRpcParts, type TransportFacts } from './sdk-rpc.ts';

/** The SDK wants a network name only for its package name service, which we never ask. */
const SDK_NETWORK = 'custom';
/** JSON-RPC: not every node has `sui_getChainIdentifier`, but all have checkpoint 0 then. */
const METHOD_NOT_FOUND = -32601;
const NANOS_PER_MS = 1_000_000n;

export interface RpcPorts {
  readonly clock: Clock;
  readonly random?: Random | undefined;
  readonly logger: Logger;
  /** Node's own unless given. */
  readonly fetch?: typeof fetch | undefined;
  /** Hears what time each server says it is. */
  readonly onServerTime?: ((endpointName: string, serverMs: number) => void) | undefined;
}

export function openRpc(endpoint: RpcEndpoint, ports: RpcPorts): ChainRpc {
  const { clock, random, logger } = ports;
  const name = `${endpoint.transport} ${new URL(endpoint.url).host}`;
  const failures: FetchFailures = new WeakMap();
  const boundedFetch = openBoundedFetch({
    fetch: ports.fetch ?? fetch,
    clock,
    endpointName: name,
    failures,
    onServerTime: ports.onServerTime,
  });
  return new SdkRpc({
    name,
    ...openClient(endpoint, boundedFetch),
    failures,
    clock,
    random,
    logger,
  });
}

function openClient(
  endpoint: RpcEndpoint,
  boundedFetch: typeof fetch,
): Pick<SdkRpcParts, 'client' | 'facts'> {
  switch (endpoint.transport) {
    case 'grpc-web': {
      const client = new SuiGrpcClient({
        network: SDK_NETWORK,
        baseUrl: endpoint.url,
        // Half the bytes of the default, which wraps everything in base64.
        format: 'binary',
        fetch: boundedFetch,
      });
      return { client, facts: grpcFacts(client) };
    }
    case 'json-rpc': {
      const client = new SuiJsonRpcClient({
        network: SDK_NETWORK,
        transport: new JsonRpcHTTPTransport({ url: endpoint.url, fetch: boundedFetch }),
      });
      return { client, facts: jsonRpcFacts(client) };
    }
    case 'graphql': {
      const client = new (loadGraphQl().SuiGraphQLClient)({
        network: SDK_NETWORK,
        url: endpoint.url,
        fetch: boundedFetch,
      });
      return { client, facts: graphQlFacts(client) };
    }
  }
}

/** Loaded when it is needed: it brings a whole GraphQL parser along. */
const loadGraphQl = (): typeof GraphQl =>
  createRequire(import.meta.url)('@mysten/sui/graphql') as typeof GraphQl;

function grpcFacts(client: SuiGrpcClient): TransportFacts {
  const readServiceInfo = async (signal: AbortSignal) =>
    (await client.ledgerService.getServiceInfo({}, { abort: signal })).response;
  return {
    readGenesis: async (signal) => (await readServiceInfo(signal)).chainId ?? '',
    readSuiEpoch: async (signal) => String((await readServiceInfo(signal)).epoch ?? ''),
    readLatestCheckpoint: async (signal) =>
      String((await readServiceInfo(signal)).checkpointHeight ?? ''),
    readTimeMs: async (signal) => {
      const { timestamp } = await readServiceInfo(signal);
      return timestamp
        ? String(timestamp.seconds * 1_000n + BigInt(timestamp.nanos) / NANOS_PER_MS)
        : '';
    },
  };
}

function jsonRpcFacts(client: SuiJsonRpcClient): TransportFacts {
  return {
    readGenesis: async (signal) => {
      try {
        const answer = await client.call('sui_getChainIdentifier', [], { signal });
        return await requireText(answer, 'chain identifier');
      } catch (error) {
        if (!(error instanceof JsonRpcError) || error.code !== METHOD_NOT_FOUND) throw error;
        return (await client.getCheckpoint({ id: '0', signal })).digest;
      }
    },
    readSuiEpoch: async (signal) => (await client.getLatestSuiSystemState({ signal })).epoch,
    readLatestCheckpoint: (signal) => client.getLatestCheckpointSequenceNumber({ signal }),
    readTimeMs: async (signal) => {
      const id = await client.getLatestCheckpointSequenceNumber({ signal });
      return (await client.getCheckpoint({ id, signal })).timestampMs;
    },
  };
}

function graphQlFacts(client: GraphQl.SuiGraphQLClient): TransportFacts {
  const query = async (text: string, signal: AbortSignal): Promise<Record<string, unknown>> => {
    const { data, errors } = await client.query({ query: text, variables: {}, signal });
    if (errors?.length || !data) throw invalidAnswer(errors?.[0]?.message ?? 'no data');
    return data;
  };
  return {
    readGenesis: async (signal) => {
      const data = await query('{ checkpoint(sequenceNumber: 0) { digest } }', signal);
      return requireText(memberOf(data['checkpoint'], 'digest'), 'chain identifier');
    },
    readSuiEpoch: async (signal) =>
      String(memberOf((await query('{ epoch { epochId } }', signal))['epoch'], 'epochId')),
    readLatestCheckpoint: async (signal) => {
      const data = await query('{ checkpoint { sequenceNumber } }', signal);
      return String(memberOf(data['checkpoint'], 'sequenceNumber'));
    },
    readTimeMs: async (signal) => {
      const data = await query('{ checkpoint { timestamp } }', signal);
      return String(Date.parse(String(memberOf(data['checkpoint'], 'timestamp'))));
    },
  };
}

async function requireText(answer: unknown, what: string): Promise<string> {
  const value = await answer;
  if (typeof value !== 'string') throw invalidAnswer(`no ${what}`);
  return value;
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value === 'object' && value !== null && key in value) {
    return (value as Record<string, unknown>)[key];
  }
  throw new EngineError('rpc-invalid-answer', `the endpoint leaves out ${key}`);
}
