/**
 * @file An upload relay that lies: a real one behind it, and its answers changed on the way back.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a relay answers to an upload. */
export interface RelayAnswer {
  blob_id: number[];
  confirmation_certificate: {
    signers: number[];
    serialized_message: number[];
    signature: string;
  };
}

/** What becomes of an answer; a number is the status that is answered instead. */
export type Lie = (answer: RelayAnswer) => RelayAnswer | number;

export interface RelayProxy {
  readonly url: string;
  /** Uploads that came here. */
  readonly uploads: readonly URLSearchParams[];
  /** Told from now on; undefined: the truth. */
  lie: Lie | undefined;
  /** A status that it answers to uploads instead of doing anything. */
  refusal: number | undefined;
  /** What it says that it wants, instead of what it does. */
  terms: unknown;
  close(): Promise<void>;
}

export async function startRelayProxy(target: string): Promise<RelayProxy> {
  const uploads: URLSearchParams[] = [];
  const server: Server = createServer((request, response) => {
    const forward = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const url = new URL(request.url ?? '', target);
      const isUpload = request.method === 'POST';
      if (isUpload) uploads.push(url.searchParams);
      if (isUpload && proxy.refusal !== undefined) {
        response.writeHead(proxy.refusal).end('not today');
        return;
      }
      const answer = await fetch(url, {
        method: request.method ?? 'GET',
        ...(isUpload ? { body: Buffer.concat(chunks) } : {}),
      });
      const text = await answer.text();
      const told = isUpload && answer.ok ? changed(text) : { status: answer.status, text };
      const terms = isUpload ? undefined : proxy.terms;
      response.writeHead(told.status, { 'content-type': 'application/json' });
      response.end(terms === undefined ? told.text : JSON.stringify(terms));
    };
    forward().catch(() => response.destroy());
  });
  const changed = (text: string): { status: number; text: string } => {
    const lie = proxy.lie?.(JSON.parse(text) as RelayAnswer);
    if (lie === undefined) return { status: 200, text };
    if (typeof lie === 'number') return { status: lie, text: 'out of order' };
    return { status: 200, text: JSON.stringify(lie) };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: RelayProxy = {
    url: `http://127.0.0.1:${String(port)}`,
    uploads,
    lie: undefined,
    terms: undefined,
    refusal: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
