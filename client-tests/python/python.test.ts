import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { idleOut } from '../cli/idle-out.ts';
import { answerOf, askClient, runClient, startClient } from '../cli/run-client.ts';
import { standardVideo } from '../typescript/support/standard-video.ts';
import { findPython, script } from './python.ts';

const python = (await findPython()) ?? '';
const video = hash('sha256', standardVideo);
/** A service that is quick enough for a test; everything else is as in production. */
const quick = { tasks: { queued: '100ms', running: '300ms' } };

/** What a client is told that made a video. */
const succeeded = { status: 'succeeded', type: 'video/mp4', sha256: video };
const protocolsOf = (server: MockServer) => [
  ...new Set(server.journal.events('connection.secured').map(({ protocol }) => protocol)),
];

describe.runIf(python)('Python clients make a video', () => {
  test('httpx over HTTP/2, in the default profile', async () => {
    await using server = await startMockServer({ scenario: quick });

    const answer = await askClient(server, python, script('httpx_client.py'));

    expect(answer).toMatchObject({ ...succeeded, http: 'HTTP/2' });
    expect(protocolsOf(server)).toEqual(['h2']);
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test.each(['httpx_client.py --http1', 'aiohttp_client.py'])('%s where HTTP/1.1 is served too', async (client) => {
    await using server = await startMockServer({ profile: 'dual-stack', scenario: quick });
    const [file = '', ...args] = client.split(' ');

    const answer = await askClient(server, python, script(file), ...args);

    expect(answer).toMatchObject({ ...succeeded, http: 'HTTP/1.1' });
    expect(protocolsOf(server)).toEqual(['http/1.1']);
    expect(server.journal.events('task.created')).toHaveLength(1);
  });

  // Both SDKs unmodified: only the base URL and SSL_CERT_FILE point at the mock.
  test.each(['volcenginesdkarkruntime', 'arkruntime'])('the official SDK %s, from create to delete', async (sdk) => {
    await using server = await startMockServer({ profile: 'dual-stack', scenario: quick });

    const answer = await askClient(server, python, script('ark_sdk.py'), sdk);

    const task = server.journal.events('task.created')[0]?.task;
    expect(answer).toMatchObject({
      ...succeeded,
      task,
      ratio: '16:9',
      duration: 5,
      listed: [1, [task]],
      gone: { error: 'ArkNotFoundError', code: 'ResourceNotFound' },
    });
    expect(server.journal.events('task.deleted')).toMatchObject([{ task }]);
  });
});

describe.runIf(python)('rule A2: Python clients that know HTTP/1.1 alone', () => {
  test.each([
    ['httpx_client.py --http1', 'httpx.ConnectError: [Errno 104] Connection reset by peer'],
    ['aiohttp_client.py', 'Connection reset by peer'],
    ['ark_sdk.py volcenginesdkarkruntime', 'ArkAPIConnectionError'],
  ])('%s is reset at once, and the journal says how to let it in', async (client, message) => {
    await using server = await startMockServer({ scenario: quick });
    const [file = '', ...args] = client.split(' ');

    const { exitCode, stderr } = await runClient(server, python, script(file), ...args);

    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect(server.journal.events('rule.applied')[0]).toMatchObject({
      rule: 'alpn',
      line: 'http2: server: client offered ["http/1.1"]; h2 required -> reset',
      did: expect.stringContaining('--profile dual-stack'),
    });
    expect(server.journal.events('connection.ended')[0]).toMatchObject({ by: 'rule', how: 'reset', cause: 'alpn' });
  });
});

describe.runIf(python)('row B11: a time-out of 30 s does not help a call that waits for more than 8 s', () => {
  test.each([
    ['streams', { error: 'ConnectionResetError', isOSError: true }],
    ['aiohttp', { error: 'ClientOSError', isOSError: true }],
    // httpx wraps what it meets; the OSError is its cause.
    ['httpx', { error: 'ReadError', isOSError: false }],
  ])('asyncio with %s is cut with an OSError, not a TimeoutError', async (library, seen) => {
    await using server = await startMockServer({
      clock: 'manual',
      profile: 'dual-stack',
      scenario: {
        faults: [
          // Of the answer, not the request: a client that is reset while it still sends the body meets it in a write.
          { name: 'slow answers', on: 'response', match: { method: 'POST' }, inject: [{ delay: { ms: '30s' } }] },
        ],
      },
    });
    await using client = startClient(server, [python, script('slow_answer.py'), library]);
    await server.clock.waiting(30_000);

    await idleOut(server);

    expect(answerOf(await client.ended)).toEqual({ ...seen, isTimeout: false, rootCause: 'ConnectionResetError' });
    const [ended] = server.journal.events('connection.ended');
    expect(ended).toMatchObject({ by: 'rule', cause: 'idle', how: 'reset', requests: [{ method: 'POST' }] });
    expect(ended?.idleMs).toBeGreaterThanOrEqual(8_000);
  });
});

describe.runIf(python)('row B9: a client that looks up the host of Ark', () => {
  const ARK = 'ark.cn-beijing.volces.com';
  const start = (scenario = 'healthy') => startMockServer({ clock: 'manual', dnsPort: 0, scenario });
  const lookUp = (server: MockServer, patienceSeconds: number) => [
    python,
    script('dns_client.py'),
    ARK,
    server.dns ?? '',
    `${patienceSeconds}`,
  ];

  test('is led to the mock, and finds a certificate for that name', async () => {
    await using server = await start();
    expect(await askClient(server, ...lookUp(server, 5))).toEqual({ alpn: 'h2', replies: [['udp', 0, 1]] });
    expect(server.journal.events('connection.hello')).toMatchObject([{ serverName: ARK }]);
  });

  test('comes again over TCP when the answer was cut', async () => {
    await using server = await start('dns-truncate');
    const replies = [
      ['udp', 0, 0],
      ['tcp', 0, 1],
    ];
    expect(await askClient(server, ...lookUp(server, 5))).toEqual({ alpn: 'h2', replies });
  });

  test('is told of a name that there is not', async () => {
    await using server = await start('dns-nxdomain');
    expect(await askClient(server, ...lookUp(server, 5))).toEqual({ error: 'gaierror', replies: [['udp', 3, 0]] });
    expect(server.journal.events('connection.opened')).toEqual([]);
  });

  test('over 3 s meets a time-out of its own and nothing else: no connection ever reaches the service', async () => {
    await using server = await start('dns-slow');
    expect(await askClient(server, ...lookUp(server, 0.1))).toEqual({ error: 'TimeoutError', replies: [] });
    await server.clock.advance(4_000);
    expect(server.journal.events('dns.query')).toMatchObject([{ rcode: 'NOERROR', ms: 4_000 }]);
    expect(server.journal.events('connection.opened')).toEqual([]);
  });
});

/** Starts a client whose clock is the server's: a second passes for both or for neither. */
async function startBeating(server: MockServer, everySeconds: number, ...more: readonly string[]) {
  const client = startClient(server, [
    python,
    script('heartbeat.py'),
    '--every',
    `${everySeconds}`,
    '--clock',
    'stdin',
    ...more,
  ]);
  expect(await client.hear()).toBe('connected');
  let beats = 0;
  return {
    ...client,
    async letPass(seconds: number) {
      for (let second = 1; second <= seconds; second++) {
        await server.clock.advance(1_000);
        client.say('a second has passed');
        if (second % everySeconds > 0) continue;
        beats++;
        await server.journal.waitFor('heartbeat', () => server.journal.events('heartbeat').length === beats);
      }
    },
  };
}

describe.runIf(python)('row C1: heartbeats on a connection that is otherwise idle', () => {
  test('every 10 s are too slow: it is reset after 8 s', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    await using client = await startBeating(server, 10);

    await client.letPass(9);

    expect(await client.hear()).toBe('ConnectionResetError');
    expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'idle' }]);
    expect(server.journal.events('heartbeat')).toEqual([]);
  });

  test('every 4 s keep it, for as long as they come', async () => {
    await using server = await startMockServer({ clock: 'manual' });
    await using client = await startBeating(server, 4);

    await client.letPass(40);
    client.finish();

    expect(await client.hear()).toBe('closed');
    expect(server.journal.events('heartbeat')).toHaveLength(10);
    expect(server.journal.events('rule.applied')).toEqual([]);
    expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client' });
  });
});

describe.runIf(python)('row B6: heartbeats from a client whose clock is wrong', () => {
  test('31 s behind, every 4 s: reset although they come, as each is too old on arrival', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: 'skewed-clock' });
    await using client = await startBeating(server, 4, '--behind', '31');

    await client.letPass(5);

    expect(await client.hear()).toBe('ConnectionResetError');
    const [beat] = server.journal.events('heartbeat');
    expect(beat).toMatchObject({ source: 'ping', judgedBy: 'client' });
    expect(beat?.ageMs).toBeGreaterThanOrEqual(31_000);
    expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'heartbeat' }]);
  });

  test('one that is right keeps its connection in the same scenario', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: 'skewed-clock' });
    await using client = await startBeating(server, 4);

    await client.letPass(40);
    client.finish();

    expect(await client.hear()).toBe('closed');
    expect(server.journal.events('rule.applied')).toEqual([]);
  });
});
