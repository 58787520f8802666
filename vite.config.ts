/** @file Builds src-renderer into dist/renderer: what the window and the browser both show. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src-renderer',
  // The same files are served from a loopback origin and from the shell's own protocol.
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // The oldest Chromium that the tests run on.
    target: 'chrome108',
    // A data: URL would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Where the time went is nothing that whoever starts Floe can change.
    rolldownOptions: { checks: { bundlerTimings: false } },
    // One view more or less is nothing beside a second request.
    chunkSizeWarningLimit: 1200,
  },
});
