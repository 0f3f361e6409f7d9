import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { Receiver } from './support/receiver.ts';
import { createTask } from './support/tasks.ts';

/** A server whose tasks stay queued, and a receiver that answers none of the first calls. */
async function start({ silentFor, callbacks = {} }: { silentFor: number; callbacks?: ScenarioInput['callbacks'] }) {
  const scenario = { tasks: { queued: '72h' }, callbacks } as const;
  const server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario });
  const client = await openClient(server);
  const receiver = await Receiver.open({
    answer: (response, call) => void (call > silentFor && response.writeHead(204).end()),
  });
  const { clock, journal } = server;
  return {
    server,
    receiver,
    /** Creates so many tasks, and waits for as many calls more at the receiver. */
    async call(tasks: number) {
      const before = receiver.received.length;
      for (let task = 0; task < tasks; task++) await createTask(client, { callback_url: receiver.url });
      await receiver.heard(before + tasks);
    },
    create: () => createTask(client, { callback_url: receiver.url }),
    /** Lets those that are open run into their time-out. */
    async timeOut(timeouts: number) {
      await clock.advance(5_000);
      await journal.waitFor('receiver.paused', (event) => event.timeouts === timeouts);
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('D4: five time-outs in a row take a receiver out of rotation; tries wait, uncounted, and go on after the pause', async () => {
  await using run = await start({ silentFor: 5 });
  const { server, receiver } = run;
  const { clock, journal } = server;
  await run.call(5);
  await run.timeOut(5);
  const { origin } = new URL(receiver.url);
  expect(journal.events('receiver.paused')).toMatchObject([{ receiver: origin, timeouts: 5, pauseMs: 30_000 }]);

  // The second tries fall in the pause, and so does the callback of a new task.
  await clock.advance(1_000);
  await journal.waitFor('callback.held', ({ place }) => place === 5);
  await run.create();
  await journal.waitFor('callback.held', ({ place }) => place === 6);
  await clock.advance(28_999);
  expect(receiver.received).toHaveLength(5);
  await clock.advance(1);

  await receiver.heard(11);
  await journal.waitFor('callback.answered', () => journal.events('callback.answered').length === 6);
  const answered = journal.events('callback.answered');
  expect(answered.map(({ attempt }) => attempt).toSorted()).toEqual([1, 2, 2, 2, 2, 2]);
  expect(journal.events('receiver.resumed')).toMatchObject([{ receiver: origin, outMs: 30_000, held: 5 }]);
});

test('as long as the first one after a pause is not answered, the others wait on', async () => {
  await using run = await start({ silentFor: 6, callbacks: { class: 'operational', pause: '10s' } });
  const { server, receiver } = run;
  const { clock, journal } = server;
  await run.call(5);
  await run.timeOut(5);
  await clock.advance(5_000);
  await journal.waitFor('callback.held', ({ place }) => place === 5);
  await clock.advance(5_000);
  await receiver.heard(6);
  await run.timeOut(6);
  expect(receiver.received).toHaveLength(6);
  expect(journal.events('receiver.resumed')).toEqual([]);

  await clock.advance(10_000);
  await receiver.heard(10);
  await journal.waitFor('receiver.resumed');
});

test('other receivers are called meanwhile', async () => {
  await using run = await start({ silentFor: 5 });
  await using other = await Receiver.open();
  await using client = await openClient(run.server);
  await run.call(5);
  await run.timeOut(5);
  await createTask(client, { callback_url: other.url });
  expect(await other.heard(1)).toHaveLength(1);
});

test('`pause: 0s` leaves every receiver in rotation', async () => {
  await using run = await start({ silentFor: 6, callbacks: { pause: '0s' } });
  const { clock, journal } = run.server;
  await run.call(6);
  await clock.advance(5_000);
  await clock.advance(1_000);
  await run.receiver.heard(12);
  expect(journal.events('receiver.paused')).toEqual([]);
});

test('POST /reset lets a receiver back in', async () => {
  await using run = await start({ silentFor: 5 });
  await run.call(5);
  await run.timeOut(5);
  await callAdmin(run.server, 'POST /reset');
  await run.call(1);
});

test('the bundled scenario takes a receiver that does not answer out of rotation', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: 'receiver-times-out',
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open({ answer: () => {} });
  await createTask(client, { callback_url: receiver.url });
  await receiver.heard(1);
  for (let calls = 1; server.journal.events('receiver.paused').length === 0; calls++) {
    expect(calls).toBeLessThan(20);
    await server.clock.advance(5_000);
  }
  const [{ seq } = { seq: 0 }] = server.journal.events('receiver.paused');
  expect(server.journal.events('callback.failed').filter((event) => event.seq < seq)).toHaveLength(5);
});
