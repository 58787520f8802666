/** @file `npm run bench`: speed and memory as ratios against a peer in one run. See test/bench. */
import { join } from 'node:path';
import { become, bootstrap, root } from './bootstrap.mjs';

become(bootstrap(), ['--expose-gc', join(root, 'test/bench/main.ts'), ...process.argv.slice(2)]);
