import { expect, test } from 'vitest';
import { startMockServer } from '../../../server/index.ts';
import { openClient } from '../support/client.ts';
import { Receiver } from '../support/receiver.ts';
import { TASKS, textOnly } from '../support/tasks.ts';
import { IdempotentPayments, NaivePayments } from './payments.ts';

/** Enough for some of their 900 callbacks to be delivered twice, at 0.7 %. */
const TASK_COUNT = 300;

test('D1: 0.7 % of callbacks come twice; who takes each for news pays twice, who knows their key does not', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: 'duplicate-callbacks',
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const naive = new NaivePayments();
  const idempotent = new IdempotentPayments(() => server.clock.now());
  for (let task = 0; task < TASK_COUNT; task++) {
    await client.post(TASKS, { ...textOnly, callback_url: receiver.url });
  }
  await server.clock.advance(5_000);

  const duplicates = server.journal.events('fault.injected');
  const callbacks = await receiver.heard(3 * TASK_COUNT + duplicates.length);
  for (const callback of callbacks) {
    naive.take(callback);
    idempotent.take(callback);
  }

  const again = server.journal.events('callback.sent').filter(({ copy }) => copy === 2);
  expect(again.map(({ task }) => task).toSorted()).toEqual(duplicates.map(({ task }) => task).toSorted());
  const paidTwice = again.filter(({ status }) => status === 'succeeded').length;
  expect(paidTwice).toBeGreaterThan(0);
  expect(naive.count).toBe(TASK_COUNT + paidTwice);
  expect(idempotent.count).toBe(TASK_COUNT);
  console.log(`${again.length} of ${3 * TASK_COUNT} callbacks came twice, and ${paidTwice} of ${TASK_COUNT} payments`);
});

test('a key is forgotten after 24 h, so that a consumer does not grow for ever', () => {
  let now = 0;
  const payments = new IdempotentPayments(() => now);
  const headers = { 'biz-id': 'cgt-1', 'op-type': 'task.succeeded', version: '3' };
  const callback = { method: 'POST', path: '/', headers, bytes: Buffer.alloc(0), body: '{"status":"succeeded"}' };
  for (const ms of [0, 24 * 3_600_000 - 1, 24 * 3_600_000]) {
    now = ms;
    payments.take(callback);
  }
  expect(payments.count).toBe(2);
});
