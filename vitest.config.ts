import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process per test file gives its guest memories back when the file ends.
    pool: 'forks',
    testTimeout: 60_000,
  },
});
