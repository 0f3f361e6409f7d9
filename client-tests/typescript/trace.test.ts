import { expect, test } from 'vitest';
import { type JournalEvent, type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traced = { traceparent: `00-${traceId}-${spanId}-01`, 'x-async-trace-id': 'async-7' };

/** What an engineer gets from the admin port. */
async function askForEvents<T extends JournalEvent['type']>(server: MockServer, type: T) {
  const answer = await fetch(`${server.adminUrl}/events?type=${type}`);
  return ((await answer.json()) as { events: readonly JournalEvent<T>[] }).events;
}

test('B2: the journal keeps the trace of every call, and tells which came without one', async () => {
  await using server = await startMockServer({ scenario: 'trace-lost', profile: 'permissive' });
  await using first = await openClient(server);
  await first.post(TASKS, textOnly, { 'x-async-trace-id': 'async-1' });
  await first.get(TASKS);
  await first.get(TASKS, { 'x-async-trace-id': 'async-3' });
  await using second = await openClient(server);
  await second.get(TASKS, { traceparent: traced.traceparent });
  await second.get(TASKS, { 'x-async-trace-id': 'async-5' });
  await second.get(TASKS);

  const calls = await askForEvents(server, 'request.received');
  expect(calls.map(({ asyncTraceId, traceparent }) => asyncTraceId ?? traceparent)).toEqual([
    'async-1',
    undefined,
    'async-3',
    traced.traceparent,
    'async-5',
    undefined,
  ]);
  const lost = (await askForEvents(server, 'connection.ended')).flatMap(({ requests }) => requests);
  expect(lost.map(({ request, asyncTraceId }) => [request, asyncTraceId])).toEqual([
    [3, 'async-3'],
    [3, undefined],
  ]);
});

test('C5: a reset leaves a snapshot: trace, span, time in milliseconds, remote address', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ on: 'request', when: { nth: 2 }, inject: [{ end: { at: 'headers' } }] }] },
  });
  await using client = await openClient(server);
  await client.get(TASKS);
  await client.get(TASKS, traced);

  const snapshot = { traceparent: traced.traceparent, asyncTraceId: 'async-7', traceId, spanId };
  const [opened] = server.journal.events('connection.opened');
  expect(server.journal.events('connection.ended')).toMatchObject([
    {
      how: 'reset',
      at: server.clock.now(),
      remote: opened?.remote,
      trace: snapshot,
      requests: [{ request: 2, ...snapshot }],
    },
  ]);
  expect(opened?.remote).toMatch(/^127\.0\.0\.1:\d+$/);
});

test('C5: an idle connection is told by the latest trace that it saw', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  await client.get(TASKS, { 'x-async-trace-id': 'async-6' });
  await client.get(TASKS, traced);
  await client.get(TASKS);
  await client.ping();
  await server.clock.advance(8_000);
  await client.closed;

  expect(server.journal.events('connection.ended')).toMatchObject([
    { cause: 'idle', how: 'reset', trace: { traceId, spanId, asyncTraceId: 'async-7' }, requests: [] },
  ]);
});

test.each(['', '00-0-0-01', `00-${traceId.toUpperCase()}-${spanId}-01`])(
  'a traceparent of %j has no span, and is kept as it came',
  async (traceparent) => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    await client.get(TASKS, { traceparent });
    await client.close();

    const { trace } = await server.journal.waitFor('connection.ended');
    expect(trace).toEqual({ traceparent });
  },
);
