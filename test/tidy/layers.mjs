/**
 * @file Who may import whom. Read from the top: a line names only folders above it.
 *
 * One table, two readers: the ESLint rule in the editor and `layers.test.ts` in `npm test`.
 * `contract` is open to all of src-main. A folder may always import itself.
 */

const base = ['engine/model', 'engine/ports'];
const abilities = [
  'engine/codec',
  'engine/source',
  'engine/archive',
  'engine/local-index',
  'engine/walrus',
  'engine/sui',
];
const withoutSource = abilities.filter((name) => name !== 'engine/source');

/** @type {Readonly<Record<string, readonly string[]>>} */
export const layers = {
  contract: [],
  'engine/model': [],
  'engine/ports': ['engine/model'],
  // Abilities. None knows another: what one needs of another arrives as a function.
  'engine/codec': base,
  'engine/source': base,
  'engine/archive': base,
  'engine/local-index': base,
  'engine/walrus': base,
  'engine/sui': base,
  // Journeys. Each strings abilities together. None knows another.
  'engine/backup': [...base, ...abilities],
  'engine/restore': [...base, ...withoutSource],
  'engine/renewal': [...base, 'engine/local-index', 'engine/sui'],
  'engine/compaction': [...base, ...withoutSource],
  // What outlives whoever asked for it: tasks, their pace and hours, what a person is told.
  'engine/tasks': [...base, 'engine/local-index'],
  // Looking into folders and snapshots.
  'engine/browse': [...base, ...abilities],
  // Composition and hosts.
  engine: [
    ...base,
    ...abilities,
    'engine/backup',
    'engine/restore',
    'engine/renewal',
    'engine/compaction',
    'engine/tasks',
    'engine/browse',
  ],
  localnet: ['engine/model', 'engine/codec'],
  platform: base,
  host: ['engine', 'engine/model', 'engine/ports', 'platform'],
  cli: ['host', 'localnet', 'engine', 'engine/model'],
  // The shell speaks to the engine through its socket. See `takenByApp`.
  app: ['host', 'platform'],
};

/**
 * All that the shell takes from the folders it names: files that import nothing of the engine. Its
 * bundle runs on the Node inside Electron, and must not grow an engine by accident.
 */
export const takenByApp = ['host/frames.ts', 'platform/home.ts'];

/** Modules that only some folders may import, with the reason a violator reads. */
export const guardedModules = [
  {
    modules: ['#native'],
    allowed: ['engine/codec', 'platform'],
    reason: 'the addon has one door for bytes (engine/codec) and one for the system (platform)',
  },
  {
    modules: ['better-sqlite3', 'node:sqlite'],
    allowed: ['engine/local-index', 'localnet'],
    reason: 'SQL lives in engine/local-index, and in the local network which keeps its own state',
  },
  {
    modules: ['node:fs', 'node:fs/promises', '@napi-rs/keyring', 'chokidar'],
    allowed: ['platform', 'localnet', 'cli', 'app'],
    reason: 'the engine reaches the machine through engine/ports',
  },
  {
    modules: ['undici', 'ws', 'node:http', 'node:https', 'node:net', 'node:tls', 'node:http2'],
    allowed: ['engine/walrus', 'engine/sui', 'localnet', 'host', 'cli', 'app'],
    reason: 'only walrus and sui speak to the network; host, cli and app to each other',
  },
  {
    modules: ['electron'],
    allowed: ['app'],
    reason: 'the engine has never heard of Electron',
  },
];

/** Globals that must come through a port, so that tests can control time and chance. */
export const bannedGlobals = {
  folders: ['engine'],
  allowed: [],
  pattern: /\b(Date\.now|Math\.random|new Date\(\)|setTimeout|setInterval|performance\.now)\b/,
};

/**
 * The folder of the layer table that a file of src-main belongs to.
 * @param {string} relative path below src-main, with forward slashes
 */
export function layerOf(relative) {
  const parts = relative.split('/');
  if (parts[0] === 'engine' && parts.length > 2) return `engine/${parts[1]}`;
  return parts[0] ?? '';
}
