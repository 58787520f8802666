/**
 * @file `npm test`: everything that must hold, from a fresh clone on.
 *
 *     npm test            all suites
 *     npm run check       the fast part (format, lint, types, Rust, unit, tidy)
 *     npm run sweep       the long hunts: the same suites with many more cases
 *
 * Prints the minutes per suite and fails above the limit: a suite that grows past it has to move
 * cases to the sweep.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const MINUTES_MAX = 45;
const mode = process.argv.includes('--fast')
  ? 'fast'
  : process.argv.includes('--sweep')
    ? 'sweep'
    : 'all';

const node = bootstrap();
const environment = {
  ...process.env,
  PATH: `${dirname(node)}:${process.env.PATH}`,
  ...(mode === 'sweep' ? { FLOE_SWEEP: '1', FLOE_TEST_CASES: '200' } : {}),
};
const reports = join(root, '.floe-build/reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const module = (path, ...args) => [node, join(root, 'node_modules', path), ...args];
const vitest = (project) =>
  module(
    'vitest/vitest.mjs',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(reports, `${project}.json`)}`,
  );
const cargo = (...args) => ['cargo', ...args];
const native = join(root, 'native');

/** Name, command, folder; in the order in which a mistake is found cheapest. */
const suites = [
  {
    name: 'format',
    command: module('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  },
  { name: 'types', command: module('typescript/bin/tsc', '--noEmit') },
  {
    name: 'types of the window',
    command: module(
      'svelte-check/bin/svelte-check',
      '--tsconfig',
      'src-renderer/tsconfig.json',
      '--fail-on-warnings',
      '--output',
      'human',
    ),
  },
  { name: 'lint', command: module('eslint/bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'rust format', command: cargo('fmt', '--check'), cwd: native },
  {
    name: 'rust lint',
    command: cargo('clippy', '--release', '--locked', '--all-targets', '--', '-D', 'warnings'),
    cwd: native,
  },
  { name: 'rust', command: cargo('test', '--release', '--locked', '--quiet'), cwd: native },
  { name: 'tidy', command: vitest('tidy') },
  { name: 'unit', command: vitest('unit') },
  { name: 'conformance', command: vitest('conformance'), slow: true },
  { name: 'integration', command: vitest('integration'), slow: true },
  { name: 'ui', command: vitest('ui'), slow: true },
  { name: 'desktop', command: vitest('desktop'), slow: true },
].filter((suite) => mode !== 'fast' || !suite.slow);

const results = [];
for (const suite of suites) {
  process.stdout.write(`\n== ${suite.name}\n`);
  const startedAt = Date.now();
  const [command, ...args] = suite.command;
  const { status, error } = spawnSync(command, args, {
    cwd: suite.cwd ?? root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) process.stderr.write(`${error.message}\n`);
  results.push({ name: suite.name, ok: status === 0, minutes: (Date.now() - startedAt) / 60_000 });
}

/** What the reports say that Vitest wrote; a suite that wrote none has failed as a whole. */
function tally() {
  const sum = { passed: 0, skipped: 0, failures: [] };
  for (const project of ['tidy', 'unit', 'conformance', 'integration', 'ui', 'desktop']) {
    const file = join(reports, `${project}.json`);
    if (!existsSync(file)) continue;
    const report = JSON.parse(readFileSync(file, 'utf8'));
    sum.passed += report.numPassedTests;
    sum.skipped += report.numPendingTests;
    for (const { name, assertionResults } of report.testResults) {
      for (const { status, fullName, failureMessages } of assertionResults) {
        if (status !== 'failed') continue;
        const [why = ''] = (failureMessages[0] ?? '').split('\n');
        sum.failures.push(`${relative(root, name)}: ${fullName}\n         ${why}`);
      }
    }
  }
  return sum;
}

const total = results.reduce((sum, { minutes }) => sum + minutes, 0);
process.stdout.write('\n');
for (const { name, ok, minutes } of results) {
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${minutes.toFixed(2).padStart(6)} min  ${name}\n`);
}
process.stdout.write(`     ${total.toFixed(2).padStart(6)} min  in all (limit ${MINUTES_MAX})\n`);
const { passed, skipped, failures } = tally();
// Once more at the end, where a log that was cut off still has them.
for (const failure of failures) process.stdout.write(`failed   ${failure}\n`);
process.stdout.write(`tests: ${passed} passed, ${failures.length} failed, ${skipped} skipped\n`);
const isTooSlow = mode !== 'sweep' && total > MINUTES_MAX;
if (isTooSlow) process.stderr.write('floe: npm test takes too long; move cases to npm run sweep\n');
process.exit(results.every(({ ok }) => ok) && failures.length === 0 && !isTooSlow ? 0 : 1);
