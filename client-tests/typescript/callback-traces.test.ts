import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { attributeOf, openCollector, type Span, spansOf } from './support/collector.ts';
import { Receiver } from './support/receiver.ts';
import { createTask } from './support/tasks.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traced = { traceparent: `00-${traceId}-${spanId}-01`, 'x-async-trace-id': 'async-7' };

interface Run {
  readonly scenario?: ScenarioInput;
  readonly headers?: Record<string, string>;
  /** What the call of this number, from 1, is answered. */
  readonly codeOf?: (call: number) => number;
  /** What happens once the task was created. */
  readonly play: (server: MockServer, receiver: Receiver) => Promise<unknown>;
}

/** Plays one task and its callbacks, and returns the spans that the collector got, in their order. */
async function tracesOf({ scenario = {}, headers = traced, codeOf = () => 204, play }: Run) {
  await using collector = await openCollector();
  await using receiver = await Receiver.open({ answer: (response, call) => response.writeHead(codeOf(call)).end() });
  const otlp = new URL(collector.url).origin;
  const server = await startMockServer({ clock: 'manual', profile: 'permissive', scenario, otlp });
  const client = await openClient(server);
  const id = await createTask(client, { callback_url: receiver.url }, headers);
  await play(server, receiver);
  await client.close();
  await server.close();
  expect(server.journal.events('bug')).toEqual([]);
  const requests = collector.received.filter(({ path }) => path === '/v1/traces');
  return { id, receiver, server, requests, spans: requests.flatMap(spansOf) };
}

const msOf = ({ startTimeUnixNano, endTimeUnixNano }: Span) =>
  Number((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n);

const slow = { tasks: { queued: '72h' } } as const;

test('D6: receive, process and commit of a callback continue the trace of the call that created its task', async () => {
  const { id, receiver, server, requests, spans } = await tracesOf({
    scenario: slow,
    play: ({ journal }) => journal.waitFor('callback.answered'),
  });
  expect(requests[0]?.headers['content-encoding']).toBe('gzip');
  expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
    ['receive', 5],
    ['process', 3],
    ['commit', 1],
  ]);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const [receive, process, commit] = spans;
  expect([receive?.parentSpanId, process?.parentSpanId, commit?.parentSpanId]).toEqual([
    spanId,
    receive?.spanId,
    process?.spanId,
  ]);
  const [accepted] = server.journal.events('callback.accepted');
  expect(receive?.startTimeUnixNano).toBe(`${accepted?.at}000000`);
  for (const span of spans) {
    expect(attributeOf(span, 'messaging.destination.name')).toBe('task.queued');
    expect(attributeOf(span, 'messaging.consumer.group.name')).toBe(new URL(receiver.url).origin);
    expect(attributeOf(span, 'messaging.message.id')).toBe(`${id}:task.queued:1`);
    expect(attributeOf(span, 'seedance.async_trace_id')).toBe('async-7');
  }
});

test('`receive` lasts until it is sent, `process` through all its tries', async () => {
  const { spans } = await tracesOf({
    scenario: { ...slow, faults: [{ on: 'callback', inject: [{ delay: { ms: '2s' } }] }] },
    codeOf: (call) => (call === 1 ? 500 : 204),
    play: async ({ clock, journal }) => {
      await clock.waiting(2_000);
      await clock.advance(2_000);
      await clock.waiting(1_000);
      await clock.advance(1_000);
      await journal.waitFor('callback.answered', ({ code }) => code === 204);
    },
  });
  expect(spans.map((span) => [span.name, msOf(span), span.status.code])).toEqual([
    ['receive', 2_000, 0],
    ['process', 1_000, 0],
    ['commit', 0, 0],
  ]);
  expect(spans[1]?.events.map(({ name }) => name)).toEqual([
    'callback.sent',
    'callback.answered',
    'callback.sent',
    'callback.answered',
  ]);
});

test('one that is given up has no commit, and its process says why; its replay is received anew', async () => {
  const { spans } = await tracesOf({
    scenario: { ...slow, seed: 7, callbacks: { class: 'financial' } },
    codeOf: (call) => (call <= 3 ? 503 : 204),
    play: async ({ adminUrl, clock, journal }) => {
      for (const attempt of [1, 2]) {
        const { retryInMs = 0 } = await journal.waitFor('callback.answered', (event) => event.attempt === attempt);
        await clock.waiting(retryInMs);
        await clock.advance(retryInMs);
      }
      const { letter } = await journal.waitFor('dead-letter.archived');
      await fetch(`${adminUrl}/dead-letters/${letter}/replay`, { method: 'POST' });
      await journal.waitFor('callback.answered', ({ replay }) => replay === 1);
    },
  });
  expect(spans.map(({ name, status }) => [name, status.code, status.message])).toEqual([
    ['receive', 0, undefined],
    ['process', 2, 'answered 503'],
    ['receive', 0, undefined],
    ['process', 0, undefined],
    ['commit', 0, undefined],
  ]);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(new Set(spans.map((span) => span.spanId)).size).toBe(5);
  expect(spans.map((span) => attributeOf(span, 'seedance.callback.replay'))).toEqual([undefined, undefined, 1, 1, 1]);
});

test('a copy has a process of its own, and was received together with the first', async () => {
  const { spans } = await tracesOf({
    scenario: { ...slow, faults: [{ on: 'callback', inject: ['duplicate'] }] },
    play: ({ journal }) => journal.waitFor('callback.answered', ({ copy }) => copy === 2),
  });
  expect(spans.map(({ name }) => name)).toEqual(['receive', 'process', 'commit', 'process', 'commit']);
  const [receive, first, , second] = spans;
  expect(second?.parentSpanId).toBe(receive?.spanId);
  expect(second?.spanId).not.toBe(first?.spanId);
});

test('without a traceparent the callbacks of a task share a trace of their own', async () => {
  const { spans } = await tracesOf({
    headers: {},
    play: async ({ clock, journal }, receiver) => {
      await receiver.heard(1);
      await clock.advance(5_000);
      await receiver.heard(3);
      await journal.waitFor('callback.answered', ({ status }) => status === 'succeeded');
    },
  });
  expect(spans.filter(({ name }) => name === 'commit')).toHaveLength(3);
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
  expect(spans[0]?.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(spans[0]?.parentSpanId ?? '').toBe('');
});

test('what the journal of a run that was reset began is not finished', async () => {
  const { spans } = await tracesOf({
    scenario: slow,
    codeOf: () => 500,
    play: async ({ adminUrl, journal }) => {
      await journal.waitFor('callback.answered');
      await fetch(`${adminUrl}/reset`, { method: 'POST' });
    },
  });
  expect(spans.map(({ name }) => name)).toEqual(['receive']);
});
