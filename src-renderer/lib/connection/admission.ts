/**
 * @file Being let in, in a browser: the code in the address becomes a session. The order and the
 * reasons are contract/browser-wire.ts.
 */
import { ADMISSION_FRAGMENT, ADMISSION_PATH, TOKEN_STORAGE_KEY } from '#contract/browser-wire.ts';

/** The session's token, or undefined when this browser is not let in. */
export async function enter(): Promise<string | undefined> {
  const code = new URLSearchParams(window.location.hash.slice(1)).get(ADMISSION_FRAGMENT);
  if (code !== null) {
    // Out of the address and the history before anything else can read it.
    window.history.replaceState(null, '', window.location.pathname);
    const token = await exchange(code);
    if (token !== undefined) localStorage.setItem(TOKEN_STORAGE_KEY, token);
  }
  const token = localStorage.getItem(TOKEN_STORAGE_KEY) ?? undefined;
  return token !== undefined && (await isLetIn()) ? token : undefined;
}

/** False only when the server says so: one that does not answer may know the session well. */
export async function isLetIn(): Promise<boolean> {
  try {
    return (await fetch(ADMISSION_PATH, { cache: 'no-store' })).status !== 401;
  } catch {
    return true;
  }
}

async function exchange(code: string): Promise<string | undefined> {
  const answer = await fetch(ADMISSION_PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) return undefined;
  const { token } = (await answer.json()) as { readonly token: string };
  return token;
}
