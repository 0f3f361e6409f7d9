import { expect, test } from 'vitest';
import { type Journal, startMockServer } from '../../../server/index.ts';
import { randomSequence } from '../../../server/random.ts';
import { TASKS } from '../support/tasks.ts';
import { atOnce, backingOff, getPersistently, type Pause } from './reconnect.ts';

/** Lane time from each end of a client's connections to its next connection. */
function reconnectGaps(journal: Journal, client: string): readonly number[] {
  const own = new Set(
    journal
      .events('request.received')
      .filter((request) => request.client === client)
      .map(({ connection }) => connection),
  );
  const opened = journal.events('connection.opened').filter(({ connection }) => own.has(connection));
  const ended = journal.events('connection.ended').filter(({ connection }) => own.has(connection));
  return opened.slice(1).map(({ at }, index) => at - (ended[index]?.at ?? 0));
}

/** Meets the storm; a pause of the client passes on the server's clock, and takes no time. */
async function meetStorm(pause: Pause) {
  await using server = await startMockServer({ clock: 'manual', scenario: 'reconnect-storm' });
  const sleep = (ms: number) => server.clock.advance(ms);
  const status = await getPersistently(server, TASKS, { pause, sleep });
  const { journal } = server;
  const resets = journal.events('connection.ended').filter(({ by, how }) => by === 'fault' && how === 'reset');
  const client = journal.events('request.received')[0]?.client ?? '';
  return { status, resets: resets.length, gaps: reconnectGaps(journal, client) };
}

/** Row C3, without its jitter. */
const schedule = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000];

test('C3: a naive client is back at once, eleven times', async () => {
  expect(await meetStorm(atOnce)).toEqual({ status: 200, resets: 11, gaps: Array(11).fill(0) });
});

test('C3: a hardened client backs off from 100 ms, doubling, up to 30 s, with a jitter of up to 100 ms', async () => {
  const { status, resets, gaps } = await meetStorm(backingOff(randomSequence(7, 'jitter')));

  expect([status, resets, gaps.length]).toEqual([200, 11, schedule.length]);
  const jitter = gaps.map((gap, index) => gap - (schedule[index] ?? 0));
  expect(Math.min(...jitter)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...jitter)).toBeLessThanOrEqual(100);
  expect(new Set(jitter).size).toBeGreaterThan(1);
});

test('C3: two hardened clients that were reset together do not come back together', async () => {
  const [one, other] = [
    await meetStorm(backingOff(randomSequence(1, 'a'))),
    await meetStorm(backingOff(randomSequence(2, 'a'))),
  ];
  expect(one.gaps).not.toEqual(other.gaps);
});
