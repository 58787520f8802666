/** @file From what a person calls a network to its file. */
import { EngineError } from '#engine/model/engine-error.ts';
import { parseNetwork, type Network } from '#engine/model/network.ts';
import { absolutePath } from '#engine/ports/file-system.ts';
import { defaultLocalnetFolder } from '#platform/home.ts';
import { openFileSystem } from '#platform/file-system.ts';
import { PUBLIC_NETWORKS, TRY_OUT_NETWORK_NAME, type PublicNetworkName } from './networks.ts';
import { join, resolve } from 'node:path';

const NETWORK_FILE_BYTES_MAX = 65_536;
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
  if (choice !== TRY_OUT_NETWORK_NAME) {
    const bytes = await readNetworkFile(choice);
    if (bytes === undefined) {
      throw new EngineError('network-file-invalid', `there is no network file at ${choice}`);
    }
    return parsedText(bytes);
  }
  const folder = localnetFolder ?? process.env['FLOE_LOCALNET'] ?? defaultLocalnetFolder();
  const bytes = await readNetworkFile(join(folder, LOCALNET_NETWORK_FILE));
  if (bytes === undefined) {
    throw new EngineError('localnet-not-running', 'no local network has been started yet');
  }
  return parsedText(bytes);
}

/** A regular file only: whoever may ask for a price could name a pipe, which has no end. */
async function readNetworkFile(place: string): Promise<Uint8Array | undefined> {
  const files = openFileSystem();
  try {
    const path = files.realPath(absolutePath(resolve(place)));
    if (path === undefined) return undefined;
    const file = files.openFile(path);
    try {
      const bytes = new Uint8Array(NETWORK_FILE_BYTES_MAX + 1);
      const sizeBytes = await file.read(bytes, 0);
      if (sizeBytes <= NETWORK_FILE_BYTES_MAX) return bytes.subarray(0, sizeBytes);
    } finally {
      file.close();
    }
  } catch (error) {
    const message = `the network file ${place} cannot be read`;
    throw new EngineError('network-file-invalid', message, { cause: error });
  }
  throw new EngineError('network-file-invalid', `${place} is too large to be a network file`);
}

function parsedText(bytes: Uint8Array): NetworkChoice {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    // Without its cause, which repeats the text: any file may have been named.
    throw new EngineError('network-file-invalid', 'the network file is not JSON');
  }
  return parsed(json);
}

const parsed = (json: unknown): NetworkChoice => ({ network: parseNetwork(json), json });
