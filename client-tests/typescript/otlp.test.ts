import { expect, test, vi } from 'vitest';
import { Clock } from '../../server/clock.ts';
import { startMockServer } from '../../server/index.ts';
import { Journal } from '../../server/journal.ts';
import { EXPORT_EVERY_MS, OtlpExporter } from '../../server/otlp/exporter.ts';
import { MAX_BATCH_ITEMS } from '../../server/otlp/feed.ts';
import { openClient } from './support/client.ts';
import { attributeOf, openCollector, recordsOf } from './support/collector.ts';
import { TASKS } from './support/tasks.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

const originOf = ({ url }: { url: string }) => new URL(url).origin;

test('C5: the snapshot of a reset reaches a collector, compressed, under the trace of the call that was cut', async () => {
  await using collector = await openCollector();
  const server = await startMockServer({ scenario: 'trace-lost', profile: 'permissive', otlp: originOf(collector) });
  await using client = await openClient(server);
  for (const nth of [1, 2, 3]) await client.get(TASKS, { traceparent, 'x-async-trace-id': `async-${nth}` });
  await server.close();

  const [batch] = collector.received;
  expect(batch).toMatchObject({ path: '/v1/logs', headers: { 'content-encoding': 'gzip' } });
  const records = collector.received.flatMap(recordsOf);
  const [ended] = server.journal.events('connection.ended');
  const snapshot = records.find(({ eventName }) => eventName === 'connection.ended');
  expect(snapshot).toMatchObject({
    traceId,
    spanId,
    severityText: 'WARN',
    timeUnixNano: `${ended?.at}000000`,
    body: { stringValue: expect.stringContaining('ended by fault') },
  });
  if (!snapshot) throw new Error('no snapshot was sent');
  expect(attributeOf(snapshot, 'network.peer.address')).toBe('127.0.0.1');
  expect(`${attributeOf(snapshot, 'network.peer.port')}`).toBe(ended?.remote.split(':').at(-1));
  expect(attributeOf(snapshot, 'how')).toBe('reset');
});

test('everything in the journal leaves once, in order', async () => {
  await using collector = await openCollector();
  const server = await startMockServer({ otlp: originOf(collector) });
  await using client = await openClient(server);
  await client.get(TASKS);
  await client.close();
  await server.journal.waitFor('connection.ended');
  await server.close();

  const told = collector.received.flatMap(recordsOf).map((record) => attributeOf(record, 'seq'));
  expect(told).toEqual(server.journal.events().map(({ seq }) => seq));
});

/** A journal, its exporter, and a clock that moves when told to. */
async function startExport(answer?: Parameters<typeof openCollector>[0], capacity?: number) {
  const collector = await openCollector(answer);
  const clock = new Clock({ mode: 'manual' });
  const journal = new Journal(() => clock.now(), capacity);
  const exporter = new OtlpExporter(journal, { endpoint: originOf(collector), attributes: {}, clock });
  const tell = (events: number) => {
    for (let n = 0; n < events; n++) journal.append({ type: 'task.deleted', task: `cgt-${journal.seq + 1}` });
  };
  const tick = () => clock.advance(EXPORT_EVERY_MS);
  return { collector, journal, exporter, tell, tick, [Symbol.asyncDispose]: () => collector[Symbol.asyncDispose]() };
}

test('what is many goes in batches', async () => {
  await using run = await startExport();
  run.tell(MAX_BATCH_ITEMS + 1);
  await run.tick();
  await run.collector.heard(2);
  await run.exporter.close();

  expect(run.collector.received.map((batch) => recordsOf(batch).length)).toEqual([MAX_BATCH_ITEMS, 1]);
});

test('nothing is sent while nothing happens', async () => {
  await using run = await startExport();
  await run.tick();
  await run.exporter.close();
  expect(run.collector.received).toEqual([]);
});

test('a collector that refuses is told of once, and gets the events later', async () => {
  await using run = await startExport((respond, call) => respond(call <= 2 ? 400 : 200));
  run.tell(1);
  await run.tick();
  await run.journal.waitFor('export.failed');
  await run.tick();
  await run.collector.heard(2);
  await run.exporter.close();

  expect(run.journal.events('export.failed')).toHaveLength(1);
  const [first, second, third] = run.collector.received.map((batch) =>
    recordsOf(batch).map(({ eventName }) => eventName),
  );
  expect([first, second, third]).toEqual([
    ['task.deleted'],
    ['task.deleted', 'export.failed'],
    ['task.deleted', 'export.failed'],
  ]);
});

test('what had to make room before it could be sent is counted', async () => {
  await using run = await startExport(undefined, 10);
  run.tell(25);
  await run.tick();
  await run.exporter.close();

  // To say so takes the place of one event more, each time.
  expect(run.journal.events('export.lost')).toMatchObject([
    { signal: 'logs', events: 15 + 1 },
    { signal: 'traces', events: 16 + 1 },
  ]);
  const taken = run.collector.received.flatMap(recordsOf).map((record) => attributeOf(record, 'seq'));
  expect(taken).toEqual(Array.from({ length: run.journal.seq - 16 }, (_, index) => 17 + index));
});

test('a collector that is not there costs nothing but a line in the journal', async () => {
  const collector = await openCollector();
  const endpoint = originOf(collector);
  await collector[Symbol.asyncDispose]();
  const server = await startMockServer({ otlp: endpoint });
  await using client = await openClient(server);
  expect((await client.get(TASKS)).status).toBe(200);

  await server.close();

  expect(server.journal.events('export.failed')).toMatchObject([{ to: endpoint }]);
});

test('a collector that does not answer delays the end by 500 ms at most, and the journal says so', async () => {
  await using run = await startExport(() => {});
  run.tell(1);

  await run.exporter.close();

  expect(run.journal.events('export.failed')).toMatchObject([
    { signal: 'logs', reason: 'not sent within 500 ms when the server was closed' },
  ]);
});

test('once it is closed, nothing more is sent, also when it was closed while it was sending', async () => {
  const answers: (() => void)[] = [];
  await using run = await startExport((respond) => void answers.push(() => respond(200)));
  run.tell(1);
  await run.tick();
  await run.collector.heard(1);
  const closing = run.exporter.close();
  answers[0]?.();
  await closing;

  run.tell(1);
  await run.tick();
  // Waits for what is under way.
  await run.exporter.close();

  expect(run.collector.received).toHaveLength(1);
});

test("the headers of OpenTelemetry's environment variables are sent along", async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=seven');
  await using run = await startExport();
  vi.unstubAllEnvs();
  run.tell(1);
  await run.exporter.close();

  expect(run.collector.received).toMatchObject([
    { headers: { 'x-tenant': 'seven', 'content-type': 'application/json', 'content-encoding': 'gzip' } },
  ]);
});
