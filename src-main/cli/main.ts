/**
 * @file Where the process begins. Loads the program with Node's compile cache, which halves the
 * time until a command starts: the sources are stripped of types and compiled only once.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// In the checkout and not in a shared temporary folder: whoever can write there runs as us. Where
// the folder cannot be written to, Node goes on without it.
enableCompileCache(join(import.meta.dirname, '../../.floe-build/compile-cache'));
await import('./program.ts');
