/** @file What a browser's request must look like before anything answers it, and what every answer says. */
import type { IncomingMessage } from 'node:http';
import { CONTENT_SECURITY_POLICY } from '#contract/browser-wire.ts';

/** The names of this computer under which the window is served. */
const HOST_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const COOKIE_NAME = 'floe-session';

/** On every answer, errors too. */
export const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // The files change with every build, and lie on this computer anyway.
  'cache-control': 'no-store',
};

/**
 * Whether the request names this server as its host. A page of another name that has made its name
 * mean 127.0.0.1 (DNS rebinding) still sends its own.
 */
export function isOwnHost(request: IncomingMessage, port: number): boolean {
  return HOST_NAMES.some((name) => request.headers.host === `${name}:${String(port)}`);
}

/** Whether a page of this server sent the request: same scheme, name and port as the host. */
export function isOwnOrigin(request: IncomingMessage): boolean {
  return request.headers.origin === `http://${request.headers.host ?? ''}`;
}

/** Browsers send cookies to every port of a host, so the name tells which one it is from. */
const cookieName = (port: number): string => `${COOKIE_NAME}-${String(port)}`;

export function sessionCookie(request: IncomingMessage, port: number): string | undefined {
  const prefix = `${cookieName(port)}=`;
  const found = (request.headers.cookie ?? '').split('; ').find((one) => one.startsWith(prefix));
  return found?.slice(prefix.length);
}

export const setSessionCookie = (value: string, port: number): string =>
  `${cookieName(port)}=${value}; Path=/; HttpOnly; SameSite=Strict`;
