/** @file `npm start`: the main job on the embedded network. See src-main/cli/start.ts. */
import { become, bootstrap, program } from './bootstrap.mjs';
import { fetchElectron } from './desktop.mjs';

const { platform, env } = process;
const node = bootstrap();
if (platform === 'win32' || platform === 'darwin' || env.DISPLAY || env.WAYLAND_DISPLAY) {
  fetchElectron(node);
}
become(node, [program, 'start', ...process.argv.slice(2)]);
