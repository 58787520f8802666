/** @file Somebody who answers at a storage node's address with a certificate of their own. */
import { createServer } from 'node:https';
import { X509Certificate } from 'node:crypto';
import { createCertificate, generateNetworkKey } from '#localnet/nodes/tls-certificate.ts';

export interface TlsImpostor {
  /** SHA-256 of the certificate. */
  readonly fingerprint: string;
  /** TCP connections that were made to it. */
  connections(): number;
  /** HTTP requests that were sent to it. */
  requests(): number;
  close(): Promise<void>;
}

export async function openTlsImpostor(port: number): Promise<TlsImpostor> {
  const key = generateNetworkKey();
  const cert = await createCertificate(key, '127.0.0.1');
  let connections = 0;
  let requests = 0;
  const server = createServer({ key, cert }, (_request, response) => {
    requests += 1;
    response.end();
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    fingerprint: new X509Certificate(cert).fingerprint256,
    connections: () => connections,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
