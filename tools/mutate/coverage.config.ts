/**
 * Which branches of the protocol the campaign reaches: no run has tested the others.
 *
 *     npm run coverage
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tools/mutate/coverage.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 0,
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['src/ft/**/*.ts'],
      reporter: [['text', { maxCols: 120 }]],
      reportsDirectory: 'node_modules/.coverage',
    },
  },
});
