/** @file `app://floe/`: the user interface's own origin. What it answers is page-files.ts. */
import { protocol, type Session } from 'electron';
import type { Answer } from './page-files.ts';

export const APP_SCHEME = 'app';

/** Before `ready`: the scheme gets an origin of its own and counts as secure. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, codeCache: true } },
  ]);
}

/** Serve the scheme in a session. `protocol.handle` came with Electron 25. */
export function serveScheme(
  session: Session,
  respond: (method: string, url: string) => Answer,
): void {
  const target = session.protocol;
  if (typeof target.handle === 'function') {
    target.handle(APP_SCHEME, ({ method, url }) => {
      const { status, headers, body } = respond(method, url);
      return new Response(new Uint8Array(body), { status, headers });
    });
    return;
  }
  // The earlier form, which the types of later versions call deprecated.
  const earlier = target as unknown as {
    registerBufferProtocol(
      scheme: string,
      handler: (
        request: { readonly method: string; readonly url: string },
        callback: (answer: object) => void,
      ) => void,
    ): boolean;
  };
  earlier.registerBufferProtocol(APP_SCHEME, ({ method, url }, callback) => {
    const { status, headers, body } = respond(method, url);
    callback({ statusCode: status, headers, mimeType: headers['content-type'], data: body });
  });
}
