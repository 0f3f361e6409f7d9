import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { askClient, runClient } from '../cli/run-client.ts';
import { attributeOf, openCollector, recordsOf } from '../typescript/support/collector.ts';
import { onPolls, testHardened } from '../typescript/support/hardened-clients.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import { buildJavaClients, java } from './java.ts';

const classpath = await buildJavaClients('reference');
/** The newer ones wait (JDK-8335181). */
const [, jdk] = /version "(\d+)/.exec(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '') ?? [];
const makeVideo = (server: MockServer, kind: 'naive' | 'hardened', ...words: readonly string[]) =>
  java(server, classpath ?? '', 'reference.MakeVideo', kind, ...words);

/** Long enough for two polls, also when the first is cut a few times. */
const slow = { tasks: { queued: '100ms', running: '3s' } } as const;
/** Six JVMs start at once. */
const JVMS_LIMIT_MS = 80_000;
const quick = { tasks: { queued: '100ms', running: '900ms' } } as const;
type Faults = NonNullable<ScenarioInput['faults']>;
const cutPolls = (first: number): Faults => [
  {
    name: 'cut',
    on: 'request',
    match: { method: 'GET', path: `${TASKS}/:id` },
    when: { first },
    inject: [{ end: { at: { bodyBytes: 40 } } }],
  },
];
const cutCreate = (at: 'before-commit' | 'after-commit'): Faults => [
  { name: 'cut', on: 'request', match: { method: 'POST' }, when: { first: 1 }, inject: [{ end: { at } }] },
];
/** What an HTTP library takes for a connection that was kept too long. */
const closeOnPolls: Faults = [
  {
    name: 'closed',
    on: 'request',
    match: { method: 'GET', path: `${TASKS}/:id` },
    when: { first: 3 },
    inject: [{ end: { at: 'before-commit', how: 'fin' } }],
  },
];

/** The outcome of each check, or what it found where it failed. */
async function outcomesOf(server: MockServer): Promise<Readonly<Record<string, string>>> {
  const { report } = await server.verdict();
  return Object.fromEntries(
    report.checks.map(({ check, outcome, clients }) => [
      check,
      clients.find(({ finding }) => finding)?.finding ?? outcome,
    ]),
  );
}

/** What the checks make of a reference client. */
async function judge(kind: 'naive' | 'hardened', scenario: ScenarioInput) {
  await using server = await startMockServer({ scenario: { ...quick, ...scenario } });
  expect(await askClient(server, ...(await makeVideo(server, kind)))).toEqual({ status: 'succeeded' });
  return outcomesOf(server);
}

describe.runIf(classpath)('the reference clients: naive on java.net.http, hardened on OkHttp', () => {
  test('row C3: polls that are cut', async () => {
    const scenario: ScenarioInput = {
      ...slow,
      faults: cutPolls(3),
      expect: ['backoff', 'trace-propagated', { 'poll-interval': { atLeast: '500ms' } }, 'heartbeat-interval'],
    };
    expect(await judge('naive', scenario)).toEqual({
      backoff: 'too fast',
      'trace-propagated': 'no trace',
      'poll-interval': 'too often',
      'heartbeat-interval': 'inconclusive',
    });
    expect(await judge('hardened', scenario)).toEqual({
      backoff: 'pass',
      'trace-propagated': 'pass',
      'poll-interval': 'pass',
      'heartbeat-interval': 'pass',
    });
  });

  test('a create whose answer is lost', async () => {
    const scenario: ScenarioInput = { faults: cutCreate('after-commit'), expect: ['no-duplicate-creates'] };
    expect(await judge('naive', scenario)).toEqual({ 'no-duplicate-creates': 'duplicate' });
    expect(await judge('hardened', scenario)).toEqual({ 'no-duplicate-creates': 'pass' });
  });

  test('a create that was never carried out is sent again, after a wait', async () => {
    const scenario: ScenarioInput = { faults: cutCreate('before-commit'), expect: ['backoff', 'tasks-settled'] };
    expect(await judge('hardened', scenario)).toEqual({ backoff: 'pass', 'tasks-settled': 'pass' });
  });

  test('on HTTP/1.1 as well: OkHttp repeats no GET by itself when its connection is gone', async () => {
    const scenario: ScenarioInput = {
      profile: 'dual-stack',
      service: { alpn: { offer: ['http/1.1'] } },
      faults: closeOnPolls,
      expect: ['backoff'],
    };
    expect(await judge('hardened', scenario)).toEqual({ backoff: 'pass' });
  });

  test('on GOAWAY the HttpClient of JDK 17 drops a poll that is still answered, and OkHttp waits for it', async () => {
    const scenario: ScenarioInput = {
      faults: onPolls('drain', { first: 1 }, [{ goaway: { graceful: true } }, { delay: { ms: 1_500 } }]),
      expect: ['goaway-respected'],
    };
    // It resets the stream and closes at once. Where the service closes in between, a time-out would look the same.
    const found = ['abandoned', 'inconclusive'];
    if (jdk === '17') expect(found).toContain((await judge('naive', scenario))['goaway-respected']);
    expect(await judge('hardened', scenario)).toEqual({ 'goaway-respected': 'pass' });
  });
});

describe.runIf(classpath)('the hardened client on OkHttp', () => {
  testHardened(async (server, { videos, atATime }) => {
    const command = await makeVideo(server, 'hardened', `${videos}`, `${atATime}`);
    return ((await askClient(server, { limitMs: JVMS_LIMIT_MS }, ...command)) as { statuses: string[] }).statuses;
  });

  test('a poll that is never answered is given up, and called again', async () => {
    const hang = onPolls('hang', { nth: 1 }, [{ end: { at: 'headers', how: 'hang' } }]);
    await using server = await startMockServer({ scenario: { ...quick, faults: hang } });

    const command = await makeVideo(server, 'hardened', '1', '1', '1000');
    expect(await askClient(server, ...command)).toEqual({ status: 'succeeded' });

    expect(server.journal.events('response.abandoned')).toMatchObject([{ how: 'hang' }]);
    expect(server.journal.events('task.created')).toHaveLength(1);
  });

  test('a video that takes too long is given up, and its task is cancelled', async () => {
    await using server = await startMockServer({ scenario: { tasks: { queued: '1h' } } });

    const { exitCode, stderr } = await runClient(
      server,
      ...(await makeVideo(server, 'hardened', '1', '1', '60000', '2500')),
    );

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('The time of this video is over.')]);
    expect(server.journal.events('task.changed')).toMatchObject([{ to: 'cancelled' }]);
  });
});

/** Far beyond the life of the client. */
const atExit = 'OTEL_BLRP_SCHEDULE_DELAY=60000';
const atOnce = 'OTEL_BLRP_SCHEDULE_DELAY=10';

/** Makes a video with the hardened client, which tells a collector of resets as the variables of OpenTelemetry say. */
async function tell(collector: string, faults: Faults, ...setting: readonly string[]) {
  await using server = await startMockServer({ scenario: { ...quick, faults, expect: ['backoff'] } });
  const endpoint = `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=${new URL('/v1/logs', collector)}`;
  const ran = await runClient(server, 'env', endpoint, ...setting, ...(await makeVideo(server, 'hardened')));
  const resets = server.journal.events('connection.ended').filter(({ how }) => how === 'reset');
  return { ran, cut: resets.flatMap(({ requests }) => requests), server, outcomes: await outcomesOf(server) };
}

const spanOf = ({ traceId, spanId }: { traceId?: string; spanId?: string }) => ({ traceId, spanId });

describe.runIf(classpath)('row C5: a snapshot of every reset', () => {
  test('reaches a collector in one compressed batch, and agrees with the journal', async () => {
    await using collector = await openCollector();
    const { ran, cut, server } = await tell(collector.url, cutPolls(3), atExit);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(cut).toHaveLength(3);

    expect(collector.received).toMatchObject([{ path: '/v1/logs', headers: { 'content-encoding': 'gzip' } }]);
    const told = collector.received.flatMap(recordsOf);
    expect(told.map(spanOf)).toEqual(cut.map(spanOf));
    expect(told).toMatchObject(
      cut.map(({ method, path }) => ({
        eventName: 'call.reset',
        body: { stringValue: expect.stringContaining(`${method} ${path}: `) },
      })),
    );
    for (const record of told) {
      expect(`${attributeOf(record, 'network.peer.address')}:${attributeOf(record, 'network.peer.port')}`).toBe(
        `127.0.0.1:${new URL(server.url).port}`,
      );
    }
    // In milliseconds, one after the other, and within the run.
    const events = server.journal.events();
    const times = [events[0]?.at, ...told.map(({ timeUnixNano }) => Number(timeUnixNano) / 1e6), events.at(-1)?.at].map(
      Number,
    );
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('is taken in a handshake too, where the service has seen no call yet', async () => {
    await using collector = await openCollector();
    const cutHandshake: Faults = [
      { name: 'cut', on: 'client-hello', when: { first: 1 }, inject: [{ 'tls-cut': { at: 'client-hello' } }] },
    ];
    const { cut, server } = await tell(collector.url, cutHandshake, atExit);
    expect(cut).toEqual([]);

    const [told, ...others] = collector.received.flatMap(recordsOf);
    expect(others).toEqual([]);
    // The same call, in its next try.
    const requests = server.journal.events('request.received');
    const again = requests.filter(({ traceparent }) => traceparent?.includes(told?.traceId ?? ''));
    expect(again).toHaveLength(1);
    expect(again[0]?.traceparent).not.toContain(told?.spanId);
  });

  test('goes again with the next batch when the collector refuses it', async () => {
    await using collector = await openCollector((respond, call) => respond(call === 1 ? 503 : 200));
    const { ran, cut } = await tell(collector.url, cutPolls(3), atOnce);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });

    const [refused = [], ...taken] = collector.received.map((batch) => recordsOf(batch).map(spanOf));
    expect(taken[0]).toEqual(refused);
    expect(taken.flat()).toEqual(cut.map(spanOf));
  });

  test('is counted where the collector refuses it for good', async () => {
    await using collector = await openCollector((respond, call) => respond(call === 1 ? 400 : 200));
    const { cut } = await tell(collector.url, cutPolls(3), atOnce);

    const [refused = [], ...taken] = collector.received.map(recordsOf);
    const told = taken.flat();
    const dropped = told.filter(({ eventName }) => eventName === 'resets.dropped');
    expect(dropped).toMatchObject([{ body: { intValue: `${refused.length}` } }]);
    expect(told.filter((record) => !dropped.includes(record)).map(spanOf)).toEqual(
      cut.slice(refused.length).map(spanOf),
    );
  });

  test('makes room where there are more than the ring holds, and they are counted', async () => {
    await using collector = await openCollector();
    const { cut } = await tell(collector.url, cutPolls(4), atExit, 'OTEL_BLRP_MAX_QUEUE_SIZE=2');

    const told = collector.received.flatMap(recordsOf);
    expect(told.slice(0, -1).map(spanOf)).toEqual(cut.slice(-2).map(spanOf));
    expect(told.at(-1)).toMatchObject({ eventName: 'resets.dropped', body: { intValue: '2' } });
  });

  test('costs the calls nothing where the collector never answers', async () => {
    await using collector = await openCollector(() => {});
    const { ran, outcomes } = await tell(collector.url, cutPolls(3), atOnce);

    expect(ran).toMatchObject({ exitCode: 0, stdout: '{"status":"succeeded"}\n' });
    expect(ran.stderr).toContain('some resets could not be told');
    expect(collector.received).not.toEqual([]);
    // Each would have been late by the ten seconds that the sender waits for an answer.
    expect(outcomes).toEqual({ backoff: 'pass' });
  });

  test('costs the calls nothing where the collector is gone', async () => {
    const collector = await openCollector();
    await collector[Symbol.asyncDispose]();
    const { ran, outcomes } = await tell(collector.url, cutPolls(3), atOnce);

    expect(ran).toMatchObject({ exitCode: 0, stdout: '{"status":"succeeded"}\n' });
    expect(ran.stderr).toContain('some resets could not be told');
    expect(outcomes).toEqual({ backoff: 'pass' });
  });

  test('is taken or counted, once, however many threads offer at a time', async () => {
    const { stdout } = await promisify(execFile)('java', ['-cp', classpath ?? '', 'reference.RingCrowd']);
    const { capacity, offered, taken, different, largest, dropped } = JSON.parse(stdout);
    expect(taken + dropped).toBe(offered);
    expect(different).toBe(taken);
    expect(largest).toBeLessThanOrEqual(capacity);
  });
});
