/**
 * @file `floe://open/SCREEN`: a link from outside opens a screen, and can do nothing else.
 *
 * Whoever makes a link is a stranger. So it is compared with a list and never parsed for more: no
 * parameter, no folder, no amount, nothing that a screen would show or do.
 */
import { screens, type Screen } from '#contract/shell-bridge.ts';

export const LINK_SCHEME = 'floe';

const links: ReadonlyMap<string, Screen> = new Map(
  screens.flatMap((screen) => [
    [`${LINK_SCHEME}://open/${screen}`, screen],
    // Some systems add a slash.
    [`${LINK_SCHEME}://open/${screen}/`, screen],
  ]),
);

/** The screen that a link opens, or undefined for anything that is not exactly such a link. */
export function screenOfLink(link: string): Screen | undefined {
  return links.get(link);
}

/** The first link among the arguments that a second start was given. */
export function linkAmong(args: readonly string[]): string | undefined {
  return args.find((one) => one.toLowerCase().startsWith(`${LINK_SCHEME}:`));
}
