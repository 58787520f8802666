#!/usr/bin/env node
/** @file `npx floe` in a checkout: makes the checkout ready, then becomes the command line. */
import { join } from 'node:path';
import { become, bootstrap, root } from '../scripts/bootstrap.mjs';

become(bootstrap(), [join(root, 'src-main/cli/main.ts'), ...process.argv.slice(2)]);
