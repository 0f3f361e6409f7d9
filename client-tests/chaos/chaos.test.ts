import { expect, test } from 'vitest';
import { chooseSeed } from '../../server/random.ts';
import { drawn, type Outcome, runChaos } from './chaos.ts';
import { startMockProcess } from './mock-process.ts';

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 60);
const SEED = Number(process.env.CHAOS_SEED ?? chooseSeed());
/** To find out who does it: `CHAOS_CLIENTS=stall,behave` and `CHAOS_ADMIN=0`. */
const ONLY = process.env.CHAOS_CLIENTS?.split(',') ?? drawn;
const ADMIN = process.env.CHAOS_ADMIN !== '0';
const LIMIT_MS = SECONDS * 1_000 + 90_000;

/** As it has to be: no bug, no connection left, each end in the journal once, and an end within 2 s of SIGTERM. */
const unharmed: Outcome = {
  died: undefined,
  problems: [],
  bugs: [],
  bugsCounted: 0,
  stuck: [],
  crooked: [],
  missed: 0,
  exit: { code: 0, late: false, stderr: '' },
};

test(`the mock survives ${SECONDS} s of clients that break every rule`, { timeout: LIMIT_MS }, async () => {
  const repeat = `CHAOS_SEED=${SEED} CHAOS_SECONDS=${SECONDS}`;
  console.log(`chaos: ${repeat}`);
  await using mock = await startMockProcess(SEED, LIMIT_MS);

  const outcome = await runChaos(mock, { seed: SEED, ms: SECONDS * 1_000, only: ONLY, admin: ADMIN });

  expect(outcome, `repeat with ${repeat}`).toEqual(unharmed);
});
