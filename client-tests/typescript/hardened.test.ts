import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { startProgram } from '../cli/run-client.ts';
import { TASKS } from './reference/http2-call.ts';
import { complaintsOf, lostCreates, onCreates, onPolls } from './support/hardened-clients.ts';
import { clientOn, drive, makeHardened } from './support/judged-clients.ts';

type Faults = NonNullable<ScenarioInput['faults']>;

const emptyAnswers: Faults = [
  {
    name: 'empty',
    on: 'response',
    match: { method: 'POST', path: TASKS },
    when: { every: 2 },
    inject: [{ status: { code: 200, body: 'empty' } }],
  },
];

/** What each of them meets, one call after the other or four at a time. */
const troubles: Readonly<Record<string, ScenarioInput>> = {
  'the answer to every other create is lost': {
    faults: lostCreates,
    expect: ['no-duplicate-creates', 'backoff'],
  },
  'every other create is cut before it is carried out': {
    faults: onCreates('cut', { every: 2 }, [{ end: { at: 'before-commit', how: 'reset' } }]),
    expect: ['no-duplicate-creates', 'backoff'],
  },
  'the answer to every other create is empty': { faults: emptyAnswers, expect: ['no-duplicate-creates'] },
  'polls are reset': {
    faults: onPolls('cut', { every: 5 }, [{ end: { at: { bodyBytes: 40 }, how: 'reset' } }]),
    expect: ['no-duplicate-creates'],
  },
  'connections are drained': {
    faults: onPolls('drain', { every: 5 }, [{ goaway: { code: 'NO_ERROR', graceful: true } }]),
    expect: ['goaway-respected'],
  },
  'creates are refused with Retry-After': {
    faults: onCreates('overloaded', { first: 3 }, [
      { status: { code: 429, error: 'ServerOverloaded', retryAfter: 3 } },
    ]),
    expect: ['retry-after-respected'],
  },
  'an answer takes longer than a connection may be idle': {
    service: { idle: { after: '8s' } },
    faults: onPolls('slow', { first: 2 }, [{ delay: { ms: '30s' } }]),
    expect: ['backoff'],
  },
  'a connection without heartbeats is reset after 30 s': {
    service: { heartbeat: { within: '30s' } },
    tasks: { queued: '1s', running: '60s' },
    expect: ['heartbeat-interval'],
  },
};

const settledAndQuick = ({ expect: expected = [], ...scenario }: ScenarioInput): ScenarioInput => ({
  seed: 7,
  tasks: { queued: '1s', running: '8s' },
  ...scenario,
  expect: [...expected, 'tasks-settled', { 'recovers-within': { within: '60s' } }],
});

const VIDEOS = 4;
const statusesOf = (videos: number) => Array(videos).fill('succeeded');

describe.each(Object.entries(troubles))('%s', (_trouble, scenario) => {
  test('one video after another', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: settledAndQuick(scenario) });
    const client = clientOn(server);
    const inTurn = async () => {
      const statuses: string[] = [];
      for (let video = 0; video < VIDEOS; video++) statuses.push(await client.makeVideo());
      return statuses;
    };

    expect(await drive(server, inTurn())).toEqual(statusesOf(VIDEOS));

    expect(server.journal.events('task.created')).toHaveLength(VIDEOS);
    expect(await complaintsOf(server)).toEqual([]);
    await client.close();
  });

  test('four videos at a time', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: settledAndQuick(scenario) });
    const client = clientOn(server);

    const made = Promise.all(Array.from({ length: VIDEOS }, () => client.makeVideo()));
    expect(await drive(server, made)).toEqual(statusesOf(VIDEOS));

    expect(server.journal.events('task.created')).toHaveLength(VIDEOS);
    expect(await complaintsOf(server)).toEqual([]);
    await client.close();
  });
});

test('each create bears a mark of its own, which Get and List show', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  const client = clientOn(server);
  await drive(server, Promise.all([client.makeVideo(), client.makeVideo()]));

  const listed: { items: { id: string; safety_identifier: string }[] } = JSON.parse(
    (await client.call('GET', TASKS)).body,
  );
  const [one, other] = listed.items;

  expect(one?.safety_identifier).toMatch(/^video-[0-9a-f]{32}$/);
  expect(other?.safety_identifier).not.toBe(one?.safety_identifier);
  const shown = JSON.parse((await client.call('GET', `${TASKS}/${one?.id}`)).body);
  expect(shown.safety_identifier).toBe(one?.safety_identifier);
  await client.close();
});

test('a lost create is found on the second page of List', async () => {
  const lost = onCreates('lost', { nth: 1 }, [{ end: { at: 'after-commit', how: 'reset' } }]);
  await using server = await startMockServer({ clock: 'manual', scenario: { faults: lost } });
  const client = clientOn(server);
  const made = client.makeVideo();
  await server.journal.waitFor('task.created');
  const other = clientOn(server);
  const body = { model: 'doubao-seedance-2-0-260128', content: [{ type: 'text', text: 'Another one.' }] };
  for (let n = 0; n < 500; n++) await other.call('POST', TASKS, { body });

  expect(await drive(server, made)).toBe('succeeded');

  expect(server.journal.events('task.created')).toHaveLength(501);
  const lists = server.journal.events('request.received').filter(({ path }) => path.startsWith(`${TASKS}?`));
  expect(lists.map(({ path }) => new URL(path, server.url).searchParams.get('page_num'))).toEqual(['1', '2']);
  await Promise.all([client.close(), other.close()]);
});

test('four polls that are cut at once come back once: on one connection, after one wait, and not in step', async () => {
  // All four are under way when the last of them brings the connection down.
  const faults = [
    ...onPolls('slow', { first: 3 }, [{ delay: { ms: '20s' } }]),
    ...onPolls('cut', { nth: 4 }, [{ end: { at: 'headers', how: 'reset' } }]),
  ];
  await using server = await startMockServer({ clock: 'manual', scenario: { faults, expect: ['backoff'] } });
  const client = clientOn(server);

  const made = Promise.all(Array.from({ length: VIDEOS }, () => client.makeVideo()));
  expect(await drive(server, made)).toEqual(statusesOf(VIDEOS));

  const [cut] = server.journal.events('connection.ended');
  expect([cut?.by, cut?.requests.length]).toEqual(['fault', VIDEOS]);
  expect(server.journal.events('connection.opened')).toHaveLength(2);
  const again = server.journal.events('request.received').filter(({ connection }) => connection === 2);
  const waits = again.slice(0, VIDEOS).map(({ at }) => at - (cut?.at ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
  expect(new Set(waits).size).toBeGreaterThan(1);
  expect(await complaintsOf(server)).toEqual([]);
  await client.close();
});

test('heartbeats go on while a task of a minute is polled, over HTTP/2 by PING', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: 'heartbeat-reset' });

  expect(await makeHardened(server)).toBe('succeeded');

  expect(server.journal.events('rule.applied')).toEqual([]);
  expect((await server.verdict()).result('heartbeat-interval')).toMatchObject({ outcome: 'pass' });
  expect(new Set(server.journal.events('heartbeat').map(({ source }) => source))).toEqual(new Set(['ping']));
});

test('and over HTTP/1.1, which has no PING, with each call', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    scenario: {
      service: { alpn: { offer: ['http/1.1'], mismatch: 'reset' }, idle: 'off', heartbeat: { within: '30s' } },
      tasks: { queued: '5s', running: '60s' },
      expect: ['heartbeat-interval'],
    },
  });

  expect(await makeHardened(server)).toBe('succeeded');

  expect(server.journal.events('rule.applied').filter(({ rule }) => rule === 'heartbeat')).toEqual([]);
  expect(new Set(server.journal.events('heartbeat').map(({ source }) => source))).toEqual(new Set(['header']));
});

describe('a deadline for each attempt', () => {
  test.each([
    ['a poll that is never answered', onPolls('hang', { nth: 1 }, [{ end: { at: 'headers', how: 'hang' } }])],
    ['a create that is never answered', onCreates('hang', { nth: 1 }, [{ end: { at: 'after-commit', how: 'hang' } }])],
  ])('%s is given up, and called again on another connection', async (_what, faults) => {
    await using server = await startMockServer({ clock: 'manual', scenario: { faults } });
    const client = clientOn(server, { attemptMs: 4_000 });

    expect(await drive(server, client.makeVideo())).toBe('succeeded');

    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(server.journal.events('connection.opened')).toHaveLength(2);
    await client.close();
  });

  test('a connection that never stands is given up after 10 s', async () => {
    const faults: Faults = [{ name: 'hang', on: 'accept', when: { nth: 1 }, inject: ['hang'] }];
    await using server = await startMockServer({ clock: 'manual', scenario: { faults } });
    const client = clientOn(server);
    const startedAt = server.clock.now();

    expect(await drive(server, client.makeVideo())).toBe('succeeded');

    const [, second] = server.journal.events('connection.opened');
    expect((second?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(10_000);
    expect((second?.at ?? 0) - startedAt).toBeLessThan(20_000);
    await client.close();
  });
});

test('a deadline for each video: one that takes too long is cancelled, and the others go on', async () => {
  const stuck: Faults = [{ name: 'stuck', on: 'task', when: { nth: 1 }, inject: [{ stick: { in: 'queued' } }] }];
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: stuck, expect: ['tasks-settled'] },
  });
  const client = clientOn(server, { taskMs: 30_000 });

  const made = Promise.allSettled([client.makeVideo(), client.makeVideo()]);
  const [late, other] = await drive(server, made);

  expect(late).toMatchObject({ status: 'rejected', reason: { message: 'The time of this video is over.' } });
  expect(other).toMatchObject({ status: 'fulfilled', value: 'succeeded' });
  expect(server.journal.events('task.changed')).toContainEqual(expect.objectContaining({ to: 'cancelled' }));
  expect(await complaintsOf(server)).toEqual([]);
  await client.close();
});

test('a create that is refused for good is not repeated', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  const client = clientOn(server);

  await expect(drive(server, client.makeVideo({ model: 'no such model', content: [] }))).rejects.toThrow(
    /refused with 4/,
  );

  expect(server.journal.events('request.received')).toHaveLength(1);
  await client.close();
});

test('six processes on one API key, three videos each at a time: no create is lost, doubled or taken by another', async () => {
  await using server = await startMockServer({
    scenario: { seed: 7, tasks: { queued: '100ms', running: '900ms' }, faults: lostCreates, expect: ['tasks-settled'] },
  });
  const program = fileURLToPath(new URL('./reference/make-video.ts', import.meta.url));
  const env = {
    ...process.env,
    SEEDANCE_BASE_URL: `${server.url}/api/v3`,
    SSL_CERT_FILE: server.caFile,
    ARK_API_KEY: 'ark-shared',
  };

  const copies = Array.from({ length: 6 }, () => startProgram([process.execPath, program, 'hardened', '3', '3'], env));
  const ran = await Promise.all(copies.map(({ ended }) => ended));

  expect(ran.map(({ stdout }) => stdout.match(/succeeded/g)?.length)).toEqual(Array(6).fill(3));
  expect(server.journal.events('task.created')).toHaveLength(18);
  expect(server.journal.events('fault.injected').length).toBeGreaterThan(5);
  expect(await complaintsOf(server)).toEqual([]);
});
