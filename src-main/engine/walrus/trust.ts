/**
 * @file Opens sockets to storage nodes and decides whether the other end is who it should be.
 *
 * A storage node usually presents a certificate that it signed itself, for a P-256 key whose
 * compressed form stands on chain as its `network_public_key` (real-network: observed equal on
 * every node). Pinning therefore compares keys and ignores names, dates and issuers: TLS has
 * already proved that the peer holds the key of the certificate it showed.
 */
import type { KeyObject } from 'node:crypto';
import type { OnReadOpts, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { EngineError } from '#engine/model/engine-error.ts';
import type { Network } from '#engine/model/network.ts';
import { NETWORK_ADDRESS_LENGTH_MAX } from './limits.ts';
import { loadUndici } from './load-undici.ts';

export type NodeScheme = Network['nodes']['scheme'];
export type NodeTrust = Network['nodes']['trust'];

/** The peer is not the storage node that the chain names. */
export class SwappedCertificateError extends Error {
  override readonly name = 'SwappedCertificateError';
}

const P256_COORDINATE_BYTES = 32;

/** The SEC1 compressed form of a P-256 key; undefined for any other key. */
export function compressedP256(key: KeyObject): Uint8Array | undefined {
  if (key.asymmetricKeyType !== 'ec') return undefined;
  const { crv, x, y } = key.export({ format: 'jwk' });
  if (crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return undefined;
  const xBytes = Buffer.from(x, 'base64url');
  const yBytes = Buffer.from(y, 'base64url');
  if (xBytes.length !== P256_COORDINATE_BYTES || yBytes.length !== P256_COORDINATE_BYTES) {
    return undefined;
  }
  const parity = (yBytes[P256_COORDINATE_BYTES - 1] ?? 0) & 1;
  return Buffer.concat([Buffer.of(2 + parity), xBytes]);
}

function presentedKey(socket: Socket | TLSSocket): Uint8Array | undefined {
  const certificate = 'encrypted' in socket ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : compressedP256(certificate.publicKey);
}

/** What a socket reads at once. */
const READ_BYTES = 64 * 1024;

/**
 * Memory into which one socket reads, again and again. Node would make a buffer for every read: as
 * much garbage as there are bytes. Reading stops until undici has taken what was read, which it
 * does before it lets the socket read on.
 */
function ownReadMemory(): OnReadOpts {
  return {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(this: Socket, bytes: number, buffer: Uint8Array): boolean {
      this.push(buffer.subarray(0, bytes));
      return false;
    },
  };
}

/** The connector of one storage node's pool. */
export function nodeConnector(options: {
  readonly trust: NodeTrust;
  readonly networkPublicKey: Uint8Array;
  readonly timeoutMs: number;
}): buildConnector.connector {
  const connect: buildConnector.connector = (target, callback) =>
    loadUndici().buildConnector({
      timeout: options.timeoutMs,
      // One request per socket at a time: a hung request never holds up others behind it.
      allowH2: false,
      onread: ownReadMemory(),
      ...(options.trust === 'public-ca'
        ? {}
        : { rejectUnauthorized: false, checkServerIdentity: () => undefined }),
      // A resumed session would skip showing the certificate that pinning looks at.
      ...(options.trust === 'pinned' ? { maxCachedSessions: 0 } : {}),
    })(target, callback);
  if (options.trust !== 'pinned') return connect;
  return (target, callback) => {
    connect(target, (...outcome) => {
      const socket = outcome[1];
      // On failure undici leaves the socket out, whatever its types say.
      if (outcome[0] !== null || !socket) {
        callback(...outcome);
        return;
      }
      const presented = presentedKey(socket);
      if (presented !== undefined && Buffer.compare(presented, options.networkPublicKey) === 0) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(new SwappedCertificateError('the certificate is not for the on-chain key'), null);
    });
  };
}

/** Refuse a combination that promises more than it can hold. */
export function checkTrust(scheme: NodeScheme, trust: NodeTrust): void {
  if (scheme === 'http' && trust === 'pinned') {
    throw new EngineError(
      'network-file-invalid',
      'nodes.trust "pinned" needs nodes.scheme "https"',
    );
  }
}

/**
 * The origin of a node's on-chain address `host:port`; undefined for anything else. The address is
 * written by the node's operator, so a path, credentials or spaces in it are refused.
 */
export function nodeOrigin(scheme: NodeScheme, networkAddress: string): string | undefined {
  if (networkAddress.length > NETWORK_ADDRESS_LENGTH_MAX) return undefined;
  const match = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})$/.exec(networkAddress);
  if (match === null || Number(match[2]) === 0 || Number(match[2]) > 65_535) return undefined;
  const origin = `${scheme}://${networkAddress}`;
  return URL.canParse(origin) ? origin : undefined;
}
