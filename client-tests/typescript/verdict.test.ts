import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import type { CheckName } from '../../server/verdict/table.ts';
import { connect, lighthouse, request, TASKS } from './reference/http2-call.ts';
import { ignore, makeHardened, naiveOn, withHardened } from './support/judged-clients.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { Receiver } from './support/receiver.ts';

/** A scenario in which the naive way fails a check, and the hardened one passes it. */
interface Case {
  readonly check: CheckName;
  readonly scenario: string | ScenarioInput;
  /** The finding of the naive way. */
  readonly finding: string;
  readonly naive: (server: MockServer) => Promise<unknown>;
  readonly hardened: (server: MockServer) => Promise<unknown>;
}

const cases: readonly Case[] = [
  {
    check: 'backoff',
    scenario: 'reconnect-storm',
    finding: 'too fast',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  {
    check: 'recovers-within',
    scenario: {
      faults: [
        {
          name: 'cut',
          on: 'request',
          match: { method: 'GET' },
          when: { every: 3 },
          inject: [{ end: { at: { bodyBytes: 40 } } }],
        },
      ],
      expect: ['recovers-within'],
    },
    finding: 'gave up',
    naive: (server) => naiveOn(server, 1).makeVideo().catch(ignore),
    hardened: makeHardened,
  },
  {
    check: 'no-duplicate-creates',
    scenario: 'lost-create',
    finding: 'duplicate',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  {
    check: 'retry-after-respected',
    scenario: 'overloaded',
    finding: 'too early',
    naive: (server) => naiveOn(server).makeVideo().catch(ignore),
    hardened: makeHardened,
  },
  {
    check: 'connection-reuse',
    // Without the bad line of the bundled scenario: time stands still while an answer is waited for.
    scenario: { expect: ['connection-reuse'] },
    finding: 'too many connections',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  {
    check: 'pool-size',
    scenario: 'split-pools',
    finding: 'too large',
    naive: (server) => atOnce(server, 12, () => naiveOn(server).call('GET', TASKS)),
    hardened: (server) =>
      withHardened(server, async (client) => {
        await client.beat();
        await atOnce(server, 12, () => client.call('GET', TASKS));
      }),
  },
  {
    check: 'heartbeat-interval',
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
  {
    check: 'alpn-offered',
    scenario: 'alpn-required',
    finding: 'no ALPN',
    naive: async (server) => {
      const socket = connectTls({ port: portOf(server), host: '127.0.0.1', servername: 'localhost', ca: server.ca });
      await closed(socket);
    },
    hardened: makeHardened,
  },
  {
    check: 'no-h2c',
    scenario: 'alpn-required',
    finding: 'h2c',
    naive: async (server) => {
      const socket = connectTcp(portOf(server), '127.0.0.1');
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await closed(socket);
    },
    hardened: makeHardened,
  },
  {
    check: 'goaway-respected',
    scenario: {
      faults: [
        {
          name: 'drain',
          on: 'request',
          when: { nth: 3 },
          inject: [{ delay: { ms: 500 } }, { goaway: { code: 'NO_ERROR' } }],
        },
      ],
      expect: ['goaway-respected'],
    },
    finding: 'new stream',
    naive: async (server) => {
      await using client = await openRawHttp2(server);
      for (const stream of [1, 3]) {
        await client.request(stream, 'GET', TASKS);
        await client.saw(`DATA 22 on ${stream}`);
      }
      await client.request(5, 'GET', TASKS);
      await client.saw('GOAWAY');
      await server.clock.waiting(500);
      await server.clock.advance(200);
      await client.request(7, 'GET', TASKS);
      await server.journal.waitFor('stream.late');
      await server.clock.advance(300);
      await client.socket.ended();
    },
    hardened: (server) =>
      withHardened(server, async (client) => {
        for (let call = 1; call <= 6; call++) {
          const answer = client.call('GET', TASKS);
          if (call === 3) {
            await server.clock.waiting(500);
            await server.clock.advance(500);
          }
          await answer;
          await server.clock.advance(1_000);
        }
      }),
  },
  {
    check: 'tasks-settled',
    scenario: 'healthy',
    finding: 'left behind',
    naive: (server) => naiveOn(server).call('POST', TASKS, lighthouse),
    hardened: makeHardened,
  },
  {
    check: 'poll-interval',
    scenario: 'healthy',
    finding: 'too often',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  {
    check: 'trace-propagated',
    scenario: 'trace-lost',
    finding: 'no trace',
    naive: (server) => naiveOn(server).makeVideo(),
    hardened: makeHardened,
  },
  {
    check: 'callbacks-acknowledged',
    scenario: { faults: [], expect: ['callbacks-acknowledged'] },
    finding: 'slow to acknowledge',
    naive: (server) => takeCallbacks(server, (response, call) => response.writeHead(call === 1 ? 500 : 204).end()),
    hardened: (server) => takeCallbacks(server, (response) => response.writeHead(204).end()),
  },
  {
    check: 'callbacks-deduplicated',
    scenario: {
      faults: [{ name: 'again', on: 'callback', when: { first: 1 }, inject: [{ duplicate: { times: 1 } }] }],
      expect: ['callbacks-deduplicated'],
    },
    finding: 'counted twice',
    naive: (server) => takeCallbacks(server, (response) => response.writeHead(204).end()),
    hardened: (server) => {
      const seen = new Set<string>();
      return takeCallbacks(server, (response, _call, key) => {
        response.writeHead(204, seen.has(key) ? { 'idempotent-replayed': 'true' } : {}).end();
        seen.add(key);
      });
    },
  },
];

/** Not once(socket, 'close'): a reset is the expected ending here, and it rejects on that. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => socket.on('error', ignore).on('close', () => resolve()));
const portOf = ({ url }: MockServer) => Number(new URL(url).port);

/** Starts so many calls together, each of which the scenario keeps for a second. */
async function atOnce(server: MockServer, count: number, call: () => Promise<unknown>): Promise<void> {
  const calls = Array.from({ length: count }, call);
  while (server.journal.events('fault.injected').length < count)
    await server.journal.waitFor('fault.injected', ({ ordinal }) => ordinal === count);
  await server.clock.advance(1_000);
  await Promise.all(calls);
}

type Respond = (
  response: Parameters<NonNullable<Parameters<typeof Receiver.open>[0]>['answer'] & object>[0],
  call: number,
  key: string,
) => void;

/** Makes a video whose callbacks are taken in the given way. */
async function takeCallbacks(server: MockServer, respond: Respond): Promise<void> {
  await using receiver = await Receiver.open({
    answer: (response, call) => {
      const headers = receiver.received.at(-1)?.headers;
      respond(response, call, `${headers?.['biz-id']}:${headers?.['op-type']}:${headers?.version}`);
    },
  });
  const session = await connect(server);
  await request(session, 'POST', TASKS, { body: { ...lighthouse, callback_url: receiver.url } });
  for (const status of ['queued', 'running', 'succeeded']) {
    await server.journal.waitFor(
      'callback.answered',
      (event) => event.status === status && (event.code < 300 || event.retryInMs !== undefined),
    );
    await server.clock.advance(status === 'queued' ? 1_000 : 4_000);
  }
  session.close();
}

describe.each(cases)('$check', ({ check, scenario, finding, naive, hardened }) => {
  const judgeAfter = async (run: (server: MockServer) => Promise<unknown>) => {
    await using server = await startMockServer({ clock: 'manual', seed: 7, scenario });
    await run(server);
    return server.verdict();
  };

  test(`the naive client fails it: ${finding}`, async () => {
    const verdict = await judgeAfter(naive);
    expect(verdict.result(check)).toMatchObject({ outcome: 'fail', clients: [{ finding }] });
    expect(() => verdict.assertPassed()).toThrow(check);
  });

  test('the hardened one passes it', async () => {
    const verdict = await judgeAfter(hardened);
    expect(verdict.result(check)).toMatchObject({ outcome: 'pass' });
  });
});
