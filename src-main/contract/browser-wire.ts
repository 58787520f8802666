/**
 * @file How a browser reaches the engine: paths, names and close codes of the browser shell.
 *
 * 1. The person opens `http://127.0.0.1:PORT/#admit=CODE`. The code is in the fragment, which no
 *    browser sends and no server logs. The page takes it out of its address at once
 *    (`history.replaceState`) and posts it: `POST /admission` with `{"code": CODE}` as
 *    `application/json`. The answer is `{"token": TOKEN}` and a session cookie (HttpOnly,
 *    SameSite=Strict) that the page never sees. A code is good once.
 * 2. The page opens the WebSocket `/engine` and sends `hello` with the token as its first message;
 *    then come the texts of wire.ts, as on the home's socket. Cookie and token are both needed:
 *    browsers send cookies to every port of this computer, and what is kept in `localStorage` to one.
 * 3. When the WebSocket cannot be opened the page asks `GET /admission`: 204 is a session that is
 *    known, 401 one that is not (a new code is needed: `floe ui`), no answer an engine that is away.
 *    Sessions outlive a crash of the engine, and end when it is stopped in order.
 */
export const ADMISSION_PATH = '/admission';
export const ENGINE_PATH = '/engine';
/** In the address: `#admit=CODE`. */
export const ADMISSION_FRAGMENT = 'admit';
/** Where the page keeps the token: in `localStorage`, which is this origin's own, port included. */
export const TOKEN_STORAGE_KEY = 'floe-token';

/** Why the server closes a WebSocket. */
export const CLOSE_CODES = {
  /** The engine ends, or was stopped. Connect again. */
  goingAway: 1001,
  /** No message of ours, or more than a page has reason to send. */
  refused: 1008,
  /** The token is not this session's. */
  notAdmitted: 4401,
} as const;

/**
 * What the pages of Floe may load, in a browser and in the shell: themselves, and nothing else. No
 * inline script, no inline style, no eval, no other origin.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
