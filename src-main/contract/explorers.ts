/**
 * @file The chain and blob explorers that Floe links to. Nothing else is ever opened in a browser.
 */

/** Exactly these hosts, nothing below them. */
export const explorerHosts: readonly string[] = [
  'suiscan.xyz',
  'suivision.xyz',
  'testnet.suivision.xyz',
  'walruscan.com',
];

const URL_CHARACTERS_MAX = 2_048;

/** Networks that an explorer shows; what is only on this computer is shown by none. */
const EXPLORED_NETWORKS: readonly string[] = ['testnet', 'mainnet'];

const PAGES = {
  blob: (network: string, id: string) => `https://walruscan.com/${network}/blob/${id}`,
  object: (network: string, id: string) => `https://suiscan.xyz/${network}/object/${id}`,
  transaction: (network: string, id: string) => `https://suiscan.xyz/${network}/tx/${id}`,
  account: (network: string, id: string) => `https://suiscan.xyz/${network}/account/${id}`,
} as const;

export type ExplorerPage = keyof typeof PAGES;

/** Where an explorer shows an ID; undefined on a network that none shows. */
export function explorerUrl(
  network: string | undefined,
  page: ExplorerPage,
  id: string,
): string | undefined {
  if (network === undefined || !EXPLORED_NETWORKS.includes(network)) return undefined;
  return PAGES[page](network, encodeURIComponent(id));
}

/**
 * Whether a link leads to an explorer: https, one of the hosts, no port, nobody's name in it. It must
 * be written as a browser would write it, so that no other program can read another host in it.
 */
export function isExplorerUrl(text: string): boolean {
  if (text.length > URL_CHARACTERS_MAX) return false;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return false;
  }
  return (
    url.href === text &&
    url.protocol === 'https:' &&
    url.port === '' &&
    url.username === '' &&
    url.password === '' &&
    explorerHosts.includes(url.hostname)
  );
}
