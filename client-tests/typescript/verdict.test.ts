import { constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { bundledScenarios, readScenario } from '../../server/scenario/bundled.ts';
import { type CheckName, checks } from '../../server/verdict/table.ts';
import { connect as connectWithOpenssl, hasOpenssl, openFolder } from '../cli/early-data.ts';
import { connect, lighthouse, request, TASKS } from './reference/http2-call.ts';
import { downloadVideo, endCommand } from './support/downloads.ts';
import { ignore, makeHardened, naiveOn, withHardened } from './support/judged-clients.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { Receiver } from './support/receiver.ts';
import {
  answered,
  confirmsCallbacks,
  downloads,
  hardenedDriven,
  leavesFin,
  listens,
  naiveFor,
  trustsAnybody,
} from './support/scene-clients.ts';

/** A bundled scenario in which the naive way fails a check, and the hardened one passes it. */
interface Case {
  readonly scenario: string;
  /** Left out, 7. */
  readonly seed?: number;
  /** Whether the client is on this machine; left out, it is. */
  readonly isHere?: boolean;
  /** The finding of the naive way. */
  readonly finding: string;
  readonly naive: (server: MockServer) => Promise<unknown>;
  readonly hardened: (server: MockServer) => Promise<unknown>;
}

/** A seed by which `duplicate-callbacks`, with its chance of 0.7 %, strikes the first callback. */
const FIRST_COMES_TWICE = 247;

const cases: Readonly<Record<CheckName, Case>> = {
  backoff: {
    scenario: 'reconnect-storm',
    finding: 'too fast',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  'retry-after-respected': {
    scenario: 'overloaded',
    finding: 'too early',
    naive: (server) => naiveOn(server).makeVideo().catch(ignore),
    hardened: makeHardened,
  },
  'no-retry-storm': {
    scenario: 'slow-answer',
    finding: 'retry storm',
    naive: (server) => createHastily(server, 5),
    hardened: hardenedDriven(),
  },
  'final-answers-respected': {
    scenario: 'task-fails',
    finding: 'polled after the end',
    naive: (server) => pollOn(server, 5),
    hardened: makeHardened,
  },
  'no-duplicate-creates': {
    scenario: 'lost-create',
    finding: 'duplicate',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  'creates-accounted': {
    scenario: 'shared-account',
    finding: 'not followed',
    naive: (server) => shareAccount(server, (tasks) => tasks[0]),
    hardened: (server) => shareAccount(server, (tasks, mark) => tasks.find((task) => task.safety_identifier === mark)),
  },
  'own-tasks-only': {
    scenario: 'shared-account',
    finding: "another's task",
    naive: (server) => shareAccount(server, (tasks) => tasks[0]),
    hardened: (server) => shareAccount(server, (tasks, mark) => tasks.find((task) => task.safety_identifier === mark)),
  },
  'recovers-within': {
    scenario: 'reconnect-storm',
    finding: 'gave up',
    naive: (server) => naiveOn(server, 1).makeVideo().catch(ignore),
    hardened: makeHardened,
  },
  'gives-up-within': {
    scenario: 'dead-service',
    finding: 'no deadline',
    naive: (server) => pollInVain(server, 61_000),
    hardened: (server) => pollInVain(server, 5_000),
  },
  'silence-noticed': {
    scenario: 'accept-hang',
    finding: 'no time-out',
    naive: naiveFor(20_000),
    hardened: hardenedDriven(),
  },
  'success-rate': {
    scenario: 'bad-gateway',
    finding: 'too many failed',
    naive: (server) => naiveOn(server, 1).makeVideo().catch(ignore),
    hardened: makeHardened,
  },
  'connection-reuse': {
    scenario: 'connection-reuse',
    finding: 'too many connections',
    naive: (server) => inTurn(10, () => atOnce(server, 1, 100, () => naiveOn(server).call('GET', TASKS))),
    hardened: (server) =>
      withHardened(server, (client) => inTurn(10, () => atOnce(server, 1, 100, () => client.call('GET', TASKS)))),
  },
  'pool-size': {
    scenario: 'split-pools',
    finding: 'too large',
    naive: (server) => atOnce(server, 12, 1_000, () => naiveOn(server).call('GET', TASKS)),
    hardened: (server) =>
      withHardened(server, async (client) => {
        await client.beat();
        await atOnce(server, 12, 1_000, () => client.call('GET', TASKS));
      }),
  },
  'heartbeat-interval': {
    scenario: 'heartbeat-reset',
    finding: 'missing',
    naive: async (server) => {
      const session = await connect(server);
      // Polls keep the connection from being idle, and are no heartbeats.
      for (let second = 0; second < 32; second += 4) {
        await request(session, 'GET', TASKS).catch(ignore);
        await server.clock.advance(4_000);
      }
    },
    hardened: (server) => withHardened(server, (client) => client.idle(35_000)),
  },
  'alpn-offered': {
    scenario: 'alpn-required',
    finding: 'no ALPN',
    naive: async (server) => {
      const socket = connectTls({ port: portOf(server), host: '127.0.0.1', servername: 'localhost', ca: server.ca });
      await closed(socket);
    },
    hardened: makeHardened,
  },
  'no-h2c': {
    scenario: 'alpn-required',
    finding: 'h2c',
    naive: async (server) => {
      const socket = connectTcp(portOf(server), '127.0.0.1');
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await closed(socket);
    },
    hardened: makeHardened,
  },
  'certificates-refused': {
    scenario: 'certificate',
    finding: 'sent a request',
    naive: trustsAnybody,
    hardened: makeHardened,
  },
  'fin-answered': { scenario: 'half-close', finding: 'unanswered', naive: leavesFin, hardened: makeHardened },
  'goaway-respected': {
    scenario: 'drain',
    finding: 'new stream',
    naive: async (server) => {
      await using client = await openRawHttp2(server);
      const get = (stream: number) => client.request(stream, 'GET', TASKS);
      for (let stream = 1; stream < 6; stream += 2) {
        await get(stream);
        await client.saw(`DATA 22 on ${stream}`);
      }
      await client.saw('GOAWAY');
      await server.clock.advance(200);
      await get(7);
      await server.journal.waitFor('request.received', ({ stream }) => stream === 7);
    },
    hardened: (server) =>
      withHardened(server, (client) =>
        inTurn(12, async () => {
          await client.call('GET', TASKS);
          await server.clock.advance(1_000);
        }),
      ),
  },
  'early-data-not-replayed': {
    scenario: 'early-data-cut',
    finding: 'replayed',
    isHere: hasOpenssl,
    naive: (server) => sendEarly(server, (again) => connectWithOpenssl(server, ...again)),
    hardened: (server) => sendEarly(server, () => connectWithOpenssl(server)),
  },
  'tasks-settled': {
    scenario: 'healthy',
    finding: 'left behind',
    naive: (server) => naiveOn(server).call('POST', TASKS, lighthouse),
    hardened: makeHardened,
  },
  'failures-noticed': {
    scenario: 'task-fails',
    finding: 'taken for done',
    naive: async (server) => {
      await makeHardened(server);
      endCommand(server, 0);
    },
    hardened: async (server) => {
      await makeHardened(server);
      endCommand(server, 1);
    },
  },
  'downloads-complete': {
    scenario: 'cut-download',
    finding: 'incomplete',
    naive: async (server) => {
      await downloadVideo(server, 1);
      endCommand(server, 0);
    },
    hardened: async (server) => {
      await downloadVideo(server, 2);
      endCommand(server, 0);
    },
  },
  'poll-interval': {
    scenario: 'healthy',
    finding: 'too often',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  'urls-renewed': {
    scenario: 'expired-url',
    finding: 'tried again',
    naive: downloads({ renews: false }),
    hardened: downloads({ renews: true }),
  },
  'trace-propagated': {
    scenario: 'trace-lost',
    finding: 'no trace',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  'callbacks-acknowledged': {
    scenario: 'duplicate-callbacks',
    seed: FIRST_COMES_TWICE,
    finding: 'slow to acknowledge',
    naive: (server) => takeCallbacks(server, { failsFirst: true }),
    hardened: (server) => takeCallbacks(server, { remembers: true }),
  },
  'callbacks-deduplicated': {
    scenario: 'duplicate-callbacks',
    seed: FIRST_COMES_TWICE,
    finding: 'counted twice',
    naive: (server) => takeCallbacks(server, {}),
    hardened: (server) => takeCallbacks(server, { remembers: true }),
  },
  'callbacks-verified': {
    scenario: 'mixed-up-callbacks',
    finding: 'not confirmed',
    naive: listens({ until: answered('succeeded') }),
    hardened: confirmsCallbacks,
  },
};

/** Not once(socket, 'close'): a reset is the expected ending here, and it rejects on that. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => socket.on('error', ignore).on('close', () => resolve()));
const portOf = ({ url }: MockServer) => Number(new URL(url).port);

async function inTurn(times: number, act: () => Promise<unknown>): Promise<void> {
  for (let time = 1; time <= times; time++) await act();
}

/** Makes so many calls together, each of which the scenario keeps for so long. */
async function atOnce(server: MockServer, count: number, keptMs: number, call: () => Promise<unknown>): Promise<void> {
  const before = server.journal.events('fault.injected').length;
  const calls = Array.from({ length: count }, call);
  await server.journal.waitFor('fault.injected', ({ ordinal }) => ordinal === before + count);
  await server.clock.advance(keptMs);
  await Promise.all(calls);
}

/** Sends early data with a session that permits it, which is cut, and connects once more. */
async function sendEarly(server: MockServer, retry: (again: readonly string[]) => Promise<unknown>): Promise<void> {
  await using folder = await openFolder(100);
  const again = ['-sess_in', folder.session, '-early_data', folder.early];
  await connectWithOpenssl(server, '-sess_out', folder.session);
  await connectWithOpenssl(server, ...again);
  await retry(again);
}

interface Listed {
  readonly id: string;
  readonly safety_identifier?: string;
}

/** Two clients create a video each, learn nothing of it, and take from List what they hold for theirs. */
async function shareAccount(
  server: MockServer,
  choose: (tasks: readonly Listed[], mark: string) => Listed | undefined,
): Promise<void> {
  const marks = ['first', 'second'];
  for (const mark of marks) {
    const body = { ...lighthouse, safety_identifier: mark };
    await request(await connect(server), 'POST', TASKS, { headers: { 'user-agent': mark }, body }).catch(ignore);
  }
  await server.clock.advance(10_000);
  for (const mark of marks) {
    const headers = { 'user-agent': mark };
    const session = await connect(server);
    const { items } = JSON.parse((await request(session, 'GET', TASKS, { headers })).body);
    await request(session, 'GET', `${TASKS}/${choose(items, mark)?.id}`, { headers });
    session.close();
  }
}

/** Makes a task, and waits for so long for the answer to a poll that never comes. */
async function pollInVain(server: MockServer, ms: number): Promise<void> {
  const session = await connect(server);
  const { id } = JSON.parse((await request(session, 'POST', TASKS, { body: lighthouse })).body);
  const poll = session
    .request({ ':path': `${TASKS}/${id}`, authorization: 'Bearer ark-reference' })
    .on('error', ignore);
  await server.journal.waitFor('fault.injected');
  await server.clock.advance(ms);
  poll.close(constants.NGHTTP2_CANCEL);
  await server.journal.waitFor('stream.reset');
  session.destroy();
}

/** Sends the same create so often, and waits 50 ms for each answer. */
async function createHastily(server: MockServer, attempts: number): Promise<void> {
  const session = await connect(server);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const impatience = new AbortController();
    const create = request(session, 'POST', TASKS, { body: lighthouse, signal: impatience.signal }).catch(ignore);
    await server.journal.waitFor('fault.injected', ({ ordinal }) => ordinal === attempt);
    await server.clock.advance(50);
    impatience.abort();
    await create;
    await server.journal.waitFor('stream.reset', ({ request: number }) => number === attempt);
  }
  session.close();
}

/** Makes a task that fails, and asks for it so often after its end was seen. */
async function pollOn(server: MockServer, polls: number): Promise<void> {
  const session = await connect(server);
  const { id } = JSON.parse((await request(session, 'POST', TASKS, { body: lighthouse })).body);
  await server.clock.advance(5_000);
  for (let poll = 0; poll <= polls; poll++) await request(session, 'GET', `${TASKS}/${id}`);
  session.close();
}

/** How a receiver takes callbacks. */
interface Consumer {
  /** Whether it answers the first with 500. */
  readonly failsFirst?: true;
  /** Whether it knows a callback that it has had, and says so. */
  readonly remembers?: true;
}

/** Makes a video whose callbacks are taken in the given way. By the seed of these cases the first of them is delivered twice. */
async function takeCallbacks(server: MockServer, { failsFirst, remembers }: Consumer): Promise<void> {
  const seen = new Set<string>();
  await using receiver = await Receiver.open({
    answer: (response, call) => {
      const { 'biz-id': id, 'op-type': type, version } = receiver.received.at(-1)?.headers ?? {};
      const key = `${id}:${type}:${version}`;
      const known = remembers && seen.has(key);
      response.writeHead(failsFirst && call === 1 ? 500 : 204, known ? { 'idempotent-replayed': 'true' } : {}).end();
      seen.add(key);
    },
  });
  const session = await connect(server);
  await request(session, 'POST', TASKS, { body: { ...lighthouse, callback_url: receiver.url } });
  const second = () => server.journal.waitFor('callback.answered', ({ copy }) => copy === 2);
  // Before time moves: an answer that is on its way would be too late. After a first that failed it comes with the retry.
  if (!failsFirst) await second();
  for (const status of ['queued', 'running', 'succeeded']) {
    await server.journal.waitFor(
      'callback.answered',
      (event) => event.status === status && (event.code < 300 || event.retryInMs !== undefined),
    );
    await server.clock.advance(status === 'queued' ? 1_000 : 4_000);
  }
  await second();
  session.close();
}

test('every check is shown on a bundled scenario that expects it', () => {
  expect(Object.keys(cases)).toEqual(checks.map(({ name }) => name));
  const expectedBy = new Map(bundledScenarios().map(({ name, file }) => [name, readScenario(file).expect]));
  for (const [check, { scenario }] of Object.entries(cases))
    expect(expectedBy.get(scenario), `${check} on ${scenario}`).toContainEqual(expect.objectContaining({ check }));
});

describe.each(Object.entries(cases))('%s', (check, { scenario, seed = 7, isHere = true, finding, naive, hardened }) => {
  const judgeAfter = async (run: (server: MockServer) => Promise<unknown>) => {
    await using server = await startMockServer({ clock: 'manual', seed, scenario });
    await run(server);
    return server.verdict();
  };

  test.runIf(isHere)(`the naive client fails it: ${finding}`, async () => {
    const verdict = await judgeAfter(naive);
    expect(verdict.result(check)).toMatchObject({
      outcome: 'fail',
      clients: expect.arrayContaining([expect.objectContaining({ finding })]),
    });
    expect(() => verdict.assertPassed()).toThrow(check);
  });

  test.runIf(isHere)('the hardened one passes it', async () => {
    const verdict = await judgeAfter(hardened);
    expect(verdict.result(check)).toMatchObject({ outcome: 'pass' });
    // Nothing that the scenario expects beside it may be out of reach.
    expect(verdict.report.checks.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
  });
});
