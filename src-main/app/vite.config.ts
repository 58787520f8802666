/**
 * @file Bundles main process and preload to CommonJS for every Electron from 22 (Node 16) on.
 *
 * The bundle needs no node_modules: what runs in the shell is in it, or comes with Electron.
 */
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  publicDir: false,
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    target: 'node16',
    outDir: join(here, '../../dist/app'),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      // Where the time went is nothing that whoever starts Floe can change.
      checks: { bundlerTimings: false },
      input: { main: join(here, 'main.ts'), preload: join(here, 'preload.ts') },
      external: ['electron', /^node:/, ...builtinModules],
      output: { format: 'cjs', entryFileNames: '[name].cjs' },
    },
  },
});
