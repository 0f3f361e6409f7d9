import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['server/**/*.test.ts', 'client-tests/**/*.test.ts'],
    // Real sockets and real clients: slow machines get time, no test asserts how much of it passed.
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
