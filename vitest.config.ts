import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['server/**/*.test.ts', 'client-tests/**/*.test.ts'],
    globalSetup: 'client-tests/bundle.setup.ts',
    // Nothing here is global, so files may share a process: making one for each took as long as its tests. Some tests wait for the
    // wire, and one worker more than there are cores has work meanwhile.
    isolate: false,
    maxWorkers: availableParallelism() + 1,
    // Node runs our TypeScript as it is.
    experimental: { viteModuleRunner: false },
    // Real sockets and real clients: slow machines get time, no test asserts how much of it passed.
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
