/**
 * @file Bundles the command line, and with it the engine, into a few files: Node loads those in a
 * third of the time that it takes to find and strip some six hundred modules.
 *
 * What has machine code of its own stays outside, beside what is only loaded when it is needed.
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
    target: 'node24',
    outDir: join(here, '../../dist/engine'),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      // Where the time went is nothing that whoever starts Floe can change.
      checks: { bundlerTimings: false },
      input: { main: join(here, 'main.ts') },
      external: [
        '#native',
        'better-sqlite3',
        '@napi-rs/keyring',
        'undici',
        /^node:/,
        ...builtinModules,
      ],
      output: {
        format: 'esm',
        // All side by side, as deep as the sources: paths into the checkout are the same for both.
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        // An engine that runs may load the last of them from the build after its own.
        minifyInternalExports: false,
      },
    },
  },
});
