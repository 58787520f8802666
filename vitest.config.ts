/** @file Suites are projects, so that `npm test` can time each and the bootstrap can name them. */
import { defineConfig } from 'vitest/config';

const suite = (name: string, include: string[], testTimeout: number) => ({
  test: {
    name,
    include,
    testTimeout,
    hookTimeout: testTimeout,
    pool: 'forks' as const,
    // As long as a busy machine may take; a state that is there is seen at once.
    expect: { poll: { timeout: 20_000 } },
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      suite(
        'unit',
        ['src-main/**/*.test.ts', 'src-renderer/**/*.test.ts', 'scripts/**/*.test.ts'],
        60_000,
      ),
      suite('tidy', ['test/tidy/**/*.test.ts'], 60_000),
      suite('conformance', ['test/conformance/**/*.test.ts'], 600_000),
      suite('integration', ['test/integration/**/*.test.ts'], 600_000),
      {
        test: {
          ...suite('ui', ['test/ui/**/*.test.ts'], 180_000).test,
          globalSetup: 'test/ui/setup.ts',
        },
      },
      {
        test: {
          ...suite('screenshots', ['test/ui/**/*.shots.ts'], 600_000).test,
          globalSetup: 'test/ui/setup.ts',
        },
      },
      {
        test: {
          ...suite('desktop', ['test/desktop/**/*.test.ts'], 120_000).test,
          globalSetup: 'test/desktop/setup.ts',
        },
      },
    ],
  },
});
