/** @file `npm start`: the main job on the embedded network. See src-main/cli/start.ts. */
import { join } from 'node:path';
import { become, bootstrap, root } from './bootstrap.mjs';

become(bootstrap(), [join(root, 'src-main/cli/main.ts'), 'start', ...process.argv.slice(2)]);
