import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { Receiver } from './support/receiver.ts';
import { createTask } from './support/tasks.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A server whose tasks stay queued, and one task of it. Its callback is answered with `codeOf` the call, from 1. */
async function startWith(name: 'ark' | 'financial' | 'operational', codeOf: (call: number) => number, seed = 7) {
  const scenario = { seed, tasks: { queued: '72h' }, callbacks: { class: name } } as const;
  const server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario });
  const client = await openClient(server);
  const receiver = await Receiver.open({ answer: (response, call) => response.writeHead(codeOf(call)).end() });
  const id = await createTask(client, { callback_url: `${receiver.url}?token=s3cret` }, { traceparent });
  return {
    server,
    client,
    receiver,
    id,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Lets each pause pass as soon as it begins, up to the try after which none does. @returns the pauses */
async function passRetries({ journal, clock }: MockServer, replay?: number): Promise<readonly number[]> {
  const pauses: number[] = [];
  for (;;) {
    const { retryInMs } = await journal.waitFor(
      'callback.answered',
      (event) => event.attempt === pauses.length + 1 && event.replay === replay,
    );
    if (retryInMs === undefined) return pauses;
    pauses.push(retryInMs);
    await clock.waiting(retryInMs);
    await clock.advance(retryInMs);
  }
}

test('D5, financial: 3 tries, exponential, with a jitter that the seed repeats, and then archived at once', async () => {
  const run = async (seed: number) => {
    await using started = await startWith('financial', () => 500, seed);
    const { server, id, receiver } = started;
    const pauses = await passRetries(server);
    const [last] = server.journal.events('callback.answered').slice(-1);
    const archived = await server.journal.waitFor('dead-letter.archived');
    expect(archived).toMatchObject({ task: id, class: 'financial', attempts: 3, reason: 'answered 500', traceparent });
    expect(archived.at).toBe(last?.at);
    expect(receiver.received).toHaveLength(3);
    return pauses;
  };
  const [first = 0, second = 0, ...more] = await run(7);
  expect(more).toEqual([]);
  expect(first).toBeGreaterThan(1_000);
  expect(first).toBeLessThanOrEqual(1_500);
  expect(second).toBeGreaterThan(2_000);
  expect(second).toBeLessThanOrEqual(3_000);
  expect(await run(7)).toEqual([first, second]);
  expect(await run(8)).not.toEqual([first, second]);
});

test('D5, operational: 8 tries, linear, and then archived compressed, for seven days', async () => {
  await using started = await startWith('operational', () => 503);
  const { server, id } = started;
  const pauses = await passRetries(server);

  expect(pauses).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000]);
  const { body } = await callAdmin(server, 'GET /dead-letters');
  const { at } = await server.journal.waitFor('dead-letter.archived');
  const week = 7 * 24 * 3_600_000;
  expect(body).toMatchObject({
    deadLetters: [
      {
        id: 'dl-1',
        class: 'operational',
        task: id,
        attempts: 8,
        compressed: true,
        archivedAt: at,
        expiresAt: at + week,
      },
    ],
  });
});

test('ark: after its four tries a callback is lost, as with the service', async () => {
  await using started = await startWith('ark', () => 500);
  const { server } = started;
  expect(await passRetries(server)).toEqual([1_000, 2_000, 4_000]);
  expect((await callAdmin(server, 'GET /dead-letters')).body).toEqual({ deadLetters: [] });
});

test('a dead letter is looked at, replayed, and gone once it is acknowledged', async () => {
  await using started = await startWith('financial', (call) => (call <= 3 ? 500 : 204));
  const { server, receiver, id } = started;
  await passRetries(server);

  const { body } = await callAdmin(server, 'GET /dead-letters/dl-1');
  expect(body).toMatchObject({
    id: 'dl-1',
    task: id,
    status: 'queued',
    url: receiver.url,
    bizId: id,
    opType: 'task.queued',
    version: 1,
    reason: 'answered 500',
    expiresAt: null,
    compressed: false,
    headers: { 'biz-id': id, traceparent },
    body: receiver.received[0]?.body,
  });

  const replayed = await callAdmin(server, 'POST /dead-letters/dl-1/replay');
  expect(replayed).toMatchObject({ status: 202, body: { id: 'dl-1', task: id } });
  const received = await receiver.heard(4);
  await server.journal.waitFor('callback.answered', ({ replay, code }) => replay === 1 && code === 204);
  expect(received[3]).toEqual(received[0]);
  expect(received[3]?.path).toBe('/hooks/seedance?token=s3cret');
  expect((await callAdmin(server, 'GET /dead-letters')).body).toEqual({ deadLetters: [] });
});

test('one that is replayed in vain is tried as often, and comes back under its id', async () => {
  await using started = await startWith('financial', () => 500);
  const { server, receiver } = started;
  const before = await passRetries(server);
  await callAdmin(server, 'POST /dead-letters/dl-1/replay');
  const after = await passRetries(server, 1);

  expect(receiver.received).toHaveLength(6);
  // Another roll of the dice for each try.
  expect(after).toHaveLength(2);
  expect(after).not.toEqual(before);
  const { body } = await callAdmin(server, 'GET /dead-letters');
  expect(body).toMatchObject({ deadLetters: [{ id: 'dl-1', attempts: 3, replay: 1 }] });
  expect(server.journal.events('dead-letter.archived').map(({ letter }) => letter)).toEqual(['dl-1', 'dl-1']);
});

test('what may not be called is archived at once, and can be replayed once it may', async () => {
  const scenario = (allow: string[]) =>
    ({ tasks: { queued: '72h' }, callbacks: { class: 'financial', allow } }) as const;
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario: scenario([]) });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await createTask(client, { callback_url: receiver.url.replace('localhost', '0.0.0.0') });
  const { attempts, reason } = await server.journal.waitFor('dead-letter.archived');
  expect(attempts).toBe(1);
  expect(reason).toContain('neither loopback nor private');

  await callAdmin(server, 'PUT /scenario', JSON.stringify({ profile: 'permissive', ...scenario(['0.0.0.0']) }));
  await callAdmin(server, 'POST /dead-letters/dl-1/replay');
  expect(await receiver.heard(1)).toHaveLength(1);
});

test('a dead letter can be thrown away; what is not there is a problem document', async () => {
  await using started = await startWith('financial', () => 500);
  const { server } = started;
  await passRetries(server);

  expect(await callAdmin(server, 'DELETE /dead-letters/dl-1')).toMatchObject({ status: 204 });
  expect(server.journal.events('dead-letter.deleted')).toMatchObject([{ letter: 'dl-1' }]);
  for (const call of ['GET /dead-letters/dl-1', 'POST /dead-letters/dl-1/replay', 'DELETE /dead-letters/dl-1']) {
    expect(await callAdmin(server, call)).toMatchObject({
      status: 404,
      type: 'application/problem+json; charset=utf-8',
      body: { title: 'There is no dead letter "dl-1".', problems: [{ code: 'ADMIN_NOT_FOUND' }] },
    });
  }
});

test('POST /reset calls off what is under way, and empties the archive', async () => {
  await using started = await startWith('financial', () => 500);
  const { server, client, receiver } = started;
  await passRetries(server);
  await createTask(client, { callback_url: receiver.url });
  await server.journal.waitFor(
    'callback.answered',
    ({ attempt, retryInMs }) => attempt === 1 && retryInMs !== undefined,
  );
  await receiver.heard(4);
  await callAdmin(server, 'POST /reset');
  await server.clock.advance(60_000);

  expect(receiver.received).toHaveLength(4);
  expect((await callAdmin(server, 'GET /dead-letters')).body).toEqual({ deadLetters: [] });
});

test('a secret in the query is kept for the replay, and neither listed nor in the journal', async () => {
  await using started = await startWith('financial', () => 500);
  const { server } = started;
  await passRetries(server);
  const shown = [await callAdmin(server, 'GET /dead-letters'), await callAdmin(server, 'GET /dead-letters/dl-1')];
  expect(JSON.stringify([shown, server.journal.events()])).not.toContain('s3cret');
});
