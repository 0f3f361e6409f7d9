import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** What measures how clients do at a steady rate: it has the machine to itself, once all others are done. */
const MEASURES = 'client-tests/python/keep-alive.test.ts';
/** Several hundred clients, each judged by what it does and when: they have the machine to themselves, too. */
const TRUTH = 'client-tests/truth/truth.test.ts';
const wantsTruth = process.env.CI !== undefined || process.env.SEEDANCE_MOCK_TRUTH === '1';
if (!wantsTruth) console.log('the corpus of behaviours is left out; SEEDANCE_MOCK_TRUTH=1 switches it on');
/** What speaks to Docker daemons: Testcontainers asks once in a process which there is, and one file wants another than the rest. */
const DOCKER = 'client-tests/docker/**/*.test.ts';
/** What builds the package, packs it and installs it: as much work as a fifth of all others, and wanted before a release. */
const PACKAGE = 'client-tests/package/**/*.test.ts';
const wantsPackage = process.env.CI !== undefined || process.env.SEEDANCE_MOCK_PACKAGE === '1';
if (!wantsPackage) console.log('package tests are left out; SEEDANCE_MOCK_PACKAGE=1 switches them on');
/** Hostile clients for as long as CHAOS_SECONDS says: CI has the time. */
const CHAOS = 'client-tests/chaos/**/*.test.ts';
const wantsChaos = process.env.CI !== undefined || process.env.CHAOS_SECONDS !== undefined;
if (!wantsChaos) console.log('the chaos test is left out; CHAOS_SECONDS=60 switches it on');
/** Some tests wait for the wire, and one worker more than there are cores has work meanwhile. */
const MAX_WORKERS = availableParallelism() + 1;

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
        exclude: [MEASURES, TRUTH, DOCKER, CHAOS, ...(wantsPackage ? [] : [PACKAGE])],
        maxWorkers: MAX_WORKERS,
        sequence: { groupOrder: 0 },
      }),
      project('docker', { include: [DOCKER], isolate: true, maxWorkers: MAX_WORKERS, sequence: { groupOrder: 0 } }),
      project('measures', { include: [MEASURES], maxWorkers: 1, sequence: { groupOrder: 1 } }),
      ...(wantsTruth ? [project('truth', { include: [TRUTH], maxWorkers: 1, sequence: { groupOrder: 3 } })] : []),
      // It takes a whole machine, and leaves others no time.
      ...(wantsChaos
        ? [project('chaos', { include: [CHAOS], isolate: true, maxWorkers: 1, sequence: { groupOrder: 2 } })]
        : []),
    ],
  },
});
