/** @file `npm run golden`: records golden vaults of this release. See test/golden/record.ts. */
import { join } from 'node:path';
import { become, bootstrap, root } from './bootstrap.mjs';

become(bootstrap(), [join(root, 'test/golden/record.ts')]);
