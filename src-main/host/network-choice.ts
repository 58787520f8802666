/** @file From what a person calls a network to its file. */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseNetwork, type Network } from '#engine/model/network.ts';
import { absolutePath, pathBelow, type HomeFiles } from '#engine/ports/file-system.ts';
import { defaultLocalnetFolder } from '#platform/home.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { PUBLIC_NETWORKS, TRY_OUT_NETWORK_NAME, type PublicNetworkName } from './networks.ts';
import { resolve } from 'node:path';

const NETWORK_FILE_BYTES_MAX = 1_048_576;
/** Where a local network writes the file that describes it. */
export const LOCALNET_NETWORK_FILE = 'network.json';

export interface NetworkChoice {
  readonly network: Network;
  readonly json: unknown;
}

/** Whether everything of this network is on this computer. */
export const isTryOut = (network: Network): boolean => network.name === TRY_OUT_NETWORK_NAME;

const isPublicName = (text: string): text is PublicNetworkName =>
  Object.hasOwn(PUBLIC_NETWORKS, text);

/**
 * The network called `choice`: `local`, `testnet`, `mainnet`, the path of a network file, or its
 * text.
 *
 * @throws EngineError `localnet-not-running` when there is no local network yet,
 *   `network-file-invalid`
 */
export async function resolveNetwork(
  choice: string,
  localnetFolder: string | undefined,
): Promise<NetworkChoice> {
  if (isPublicName(choice)) return parsed(PUBLIC_NETWORKS[choice]);
  if (choice.trimStart().startsWith('{')) return parsedText(Buffer.from(choice));
  const files = openFileSystem();
  if (choice !== TRY_OUT_NETWORK_NAME) {
    const bytes = await readNetworkFile(files, choice);
    if (bytes === undefined) {
      throw new EngineError('network-file-invalid', `there is no network file at ${choice}`);
    }
    return parsedText(bytes);
  }
  const folder = localnetFolder ?? process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  const bytes = await files.readFile(
    pathBelow(absolutePath(resolve(folder)), LOCALNET_NETWORK_FILE),
    NETWORK_FILE_BYTES_MAX,
  );
  if (bytes === undefined) {
    throw new EngineError('localnet-not-running', 'no local network has been started yet');
  }
  return parsedText(bytes);
}

async function readNetworkFile(files: HomeFiles, choice: string): Promise<Uint8Array | undefined> {
  try {
    return await files.readFile(absolutePath(resolve(choice)), NETWORK_FILE_BYTES_MAX);
  } catch (error) {
    const message = `the network file ${choice} cannot be read`;
    throw new EngineError('network-file-invalid', message, { cause: error });
  }
}

function parsedText(bytes: Uint8Array): NetworkChoice {
  try {
    return parsed(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('network-file-invalid', 'the network file is not JSON', { cause: error });
  }
}

const parsed = (json: unknown): NetworkChoice => ({ network: parseNetwork(json), json });
