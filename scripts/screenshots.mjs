/** @file `npm run screenshots`: the pictures of docs/screenshots, made anew in real Chromium. */
import { join } from 'node:path';
import { become, bootstrap, root } from './bootstrap.mjs';

const vitest = join(root, 'node_modules/vitest/vitest.mjs');
become(bootstrap(), [vitest, 'run', '--project', 'screenshots', ...process.argv.slice(2)]);
