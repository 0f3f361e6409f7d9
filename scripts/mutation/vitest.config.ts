import { defineConfig } from 'vitest/config';

/** The tests that a changed check is tried with: those of the verdict, which take no sockets and no time. */
export default defineConfig({
  test: { include: ['server/verdict/**/*.test.ts'], isolate: false, testTimeout: 30_000 },
});
