import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** What measures how clients do at a steady rate: it has the machine to itself, once all others are done. */
const MEASURES = 'client-tests/python/keep-alive.test.ts';

const project = (name: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration => ({
  test: {
    name,
    // Nothing here is global, so files may share a process: making one for each took as long as its tests.
    isolate: false,
    // Node runs our TypeScript as it is.
    experimental: { viteModuleRunner: false },
    // Real sockets and real clients: slow machines get time, no test asserts how much of it passed.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    ...test,
  },
});

export default defineConfig({
  test: {
    globalSetup: 'client-tests/bundle.setup.ts',
    projects: [
      project('tests', {
        include: ['server/**/*.test.ts', 'client-tests/**/*.test.ts'],
        exclude: [MEASURES],
        // Some tests wait for the wire, and one worker more than there are cores has work meanwhile.
        maxWorkers: availableParallelism() + 1,
        sequence: { groupOrder: 0 },
      }),
      project('measures', { include: [MEASURES], maxWorkers: 1, sequence: { groupOrder: 1 } }),
    ],
  },
});
