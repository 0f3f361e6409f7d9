import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startMockServer } from '../../../server/index.ts';
import { openClient } from '../support/client.ts';
import { type Received, Receiver } from '../support/receiver.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { createTask } from '../support/tasks.ts';
import { IdempotentPayments, KEPT_SECONDS, keyOf, NaivePayments, type Payments, SharedPayments } from './payments.ts';

/** Enough for several of their 1,500 callbacks to be delivered twice, at 0.7 %, and for some of those to be payments. */
const TASK_COUNT = 500;

/** Creates the tasks under the bundled scenario, and hands each callback to `take` as it arrives. */
async function receive(take: (callback: Received, now: () => number) => Promise<void>) {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: 'duplicate-callbacks',
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  for (let task = 0; task < TASK_COUNT; task++) await createTask(client, { callback_url: receiver.url });
  await receiver.heard(TASK_COUNT);
  await server.clock.advance(5_000);

  const duplicates = server.journal.events('fault.injected');
  const callbacks = await receiver.heard(3 * TASK_COUNT + duplicates.length);
  await Promise.all(callbacks.map((callback) => take(callback, () => server.clock.now())));
  const again = server.journal.events('callback.sent').filter(({ copy }) => copy === 2);
  expect(again.map(({ task }) => task).toSorted()).toEqual(duplicates.map(({ task }) => task).toSorted());
  return { callbacks, again, paidTwice: again.filter(({ status }) => status === 'succeeded').length };
}

test('D1: 0.7 % of callbacks come twice; who takes each for news pays twice, who knows their key does not', async () => {
  const naive = new NaivePayments();
  let idempotent: Payments | undefined;
  const { again, paidTwice } = await receive(async (callback, now) => {
    idempotent ??= new IdempotentPayments(now);
    await naive.take(callback);
    await idempotent.take(callback);
  });
  expect(paidTwice).toBeGreaterThan(0);
  expect(naive.count).toBe(TASK_COUNT + paidTwice);
  expect(idempotent?.count).toBe(TASK_COUNT);
  console.log(`${again.length} of ${3 * TASK_COUNT} callbacks came twice, and ${paidTwice} of ${TASK_COUNT} payments`);
});

test('a key is forgotten after 24 h, so that a consumer does not grow for ever', async () => {
  let now = 0;
  const payments = new IdempotentPayments(() => now);
  const headers = { 'biz-id': 'cgt-1', 'op-type': 'task.succeeded', version: '3' };
  const callback = { method: 'POST', path: '/', headers, bytes: Buffer.alloc(0), body: '{"status":"succeeded"}' };
  for (const ms of [0, 24 * 3_600_000 - 1, 24 * 3_600_000]) {
    now = ms;
    await payments.take(callback);
  }
  expect(payments.count).toBe(2);
});

if (!hasRedis) console.log('the tests of consumers that share their keys are left out: there is no redis-server');

test.runIf(hasRedis)(
  'D3: consumers that share their keys in Redis pay once between them, whoever gets the copy',
  async () => {
    await using redis = await startRedis();
    const connections = [new Redis(redis.path), new Redis(redis.path)] as const;
    const consumers = connections.map((connection) => new SharedPayments(connection));
    const alone = connections.map(() => new IdempotentPayments(() => 0));
    const naive = new NaivePayments();
    const delivered = new Map<string, number>();
    try {
      const { callbacks, paidTwice } = await receive(async (callback) => {
        // The copy goes to the other one, as behind a load balancer; there keys that a consumer keeps to itself are of no help.
        const key = keyOf(callback);
        const turn = delivered.get(key) ?? 0;
        delivered.set(key, turn + 1);
        await Promise.all([consumers[turn % 2]?.take(callback), alone[turn % 2]?.take(callback), naive.take(callback)]);
      });
      const paid = (payments: readonly Payments[]) => payments.reduce((sum, { count }) => sum + count, 0);
      expect(paidTwice).toBeGreaterThan(0);
      expect(naive.count).toBe(TASK_COUNT + paidTwice);
      expect(paid(alone)).toBe(TASK_COUNT + paidTwice);
      expect(paid(consumers)).toBe(TASK_COUNT);

      const [first] = callbacks;
      if (!first) throw new Error('nothing was received');
      const [connection] = connections;
      expect(await connection.dbsize()).toBe(3 * TASK_COUNT);
      const secondsLeft = await connection.ttl(keyOf(first));
      expect(secondsLeft).toBeGreaterThan(KEPT_SECONDS - 3_600);
      expect(secondsLeft).toBeLessThanOrEqual(KEPT_SECONDS);
    } finally {
      for (const connection of connections) connection.disconnect();
    }
  },
);
