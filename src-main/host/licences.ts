/** @file What is shipped with Floe, and under which licence. Written by scripts/licences.mjs. */
import type { HomeApi } from '#contract/home-api.ts';
import list from './licences.json' with { type: 'json' };

export const licences: Awaited<ReturnType<HomeApi['licences']>> = [...list.npm, ...list.crates];
