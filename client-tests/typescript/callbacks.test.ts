import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { MAX_OPEN_POSTS } from '../../server/seedance/callback-courier.ts';
import { CertificateAuthority } from '../../server/wire/certificates.ts';
import { type Client, openClient } from './support/client.ts';
import { Receiver, statusesOf } from './support/receiver.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const start = (scenario: ScenarioInput = {}) => startMockServer({ clock: 'manual', profile: 'permissive', scenario });

/** Nothing but callbacks waits in the first hour. */
const slow = { tasks: { queued: '1h' } } as const;

const create = async (client: Client, callback_url: string, headers: Record<string, string> = {}): Promise<string> =>
  JSON.parse((await client.post(TASKS, { ...textOnly, callback_url }, headers)).text).id;

/** Lets the retries of one callback fall due, up to the last. */
async function passRetries(server: MockServer): Promise<void> {
  for (const pause of [1_000, 2_000, 4_000]) {
    await server.clock.waiting(pause);
    await server.clock.advance(pause);
  }
}

test('every status is told by a POST of exactly what Get answers', async () => {
  await using server = await start({ tasks: { queued: '1s', running: '4s' } });
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await create(client, receiver.url);
  const told = async (calls: number) => {
    const [latest] = (await receiver.heard(calls)).slice(calls - 1);
    expect(latest?.body).toBe((await client.get(`${TASKS}/${id}`)).text);
  };

  await told(1);
  await server.clock.advance(1_000);
  await told(2);
  await server.clock.advance(4_000);
  await told(3);

  expect(statusesOf(receiver.received)).toEqual(['queued', 'running', 'succeeded']);
  expect(receiver.received[2]).toMatchObject({
    method: 'POST',
    path: '/hooks/seedance',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'seedance-mock',
      'biz-id': id,
      'op-type': 'task.succeeded',
      version: '3',
    },
  });
  expect(JSON.parse(receiver.received[2]?.body ?? '').content.video_url).toMatch(server.storageUrl ?? '');
  await server.journal.waitFor('callback.answered', ({ status }) => status === 'succeeded');
  expect(server.journal.events('callback.answered')).toMatchObject([
    { task: id, status: 'queued', url: receiver.url, attempt: 1, code: 204, bizId: id, version: 1 },
    { status: 'running', opType: 'task.running', version: 2 },
    { status: 'succeeded', version: 3 },
  ]);
});

test('a callback carries the trace context of the call that created its task', async () => {
  await using server = await start(slow);
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'x-async-trace-id': 'async-7',
  };
  await create(client, receiver.url, trace);

  const [received] = await receiver.heard(1);
  expect(received?.headers).toMatchObject(trace);
  expect(server.journal.events('callback.sent')).toMatchObject([
    { traceparent: trace.traceparent, asyncTraceId: 'async-7' },
  ]);
});

test('that a task was cancelled is not told, and without callback_url nothing is', async () => {
  await using server = await start();
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  const id = await create(client, receiver.url);
  await client.post(TASKS, textOnly);
  server.tasks.remove(id);
  // Or its five seconds may pass before a busy machine has let the receiver answer, and it is tried again.
  await server.journal.waitFor('callback.answered');
  await server.clock.advance(60_000);

  expect(server.journal.events('task.changed').map(({ to }) => to)).toEqual(['cancelled', 'running', 'succeeded']);
  expect(server.journal.events('callback.sent')).toMatchObject([{ task: id, status: 'queued' }]);
});

test.each([500, 302, 404])(
  'an answer of %i acknowledges nothing: it is tried again after 1, 2 and 4 s',
  async (code) => {
    await using server = await start(slow);
    await using client = await openClient(server);
    await using receiver = await Receiver.open({
      answer: (response, call) => response.writeHead(call < 4 ? code : 200, { location: '/elsewhere' }).end(),
    });
    await create(client, receiver.url);
    await passRetries(server);

    const received = await receiver.heard(4);
    expect(received.map(({ path, headers, body }) => [path, headers['biz-id'], headers.version, body])).toEqual(
      Array(4).fill(['/hooks/seedance', received[0]?.headers['biz-id'], '1', received[0]?.body]),
    );
    await server.journal.waitFor('callback.answered', ({ attempt }) => attempt === 4);
    const tried = server.journal.events('callback.answered');
    expect(tried.map(({ code, retryInMs }) => [code, retryInMs])).toEqual([
      [code, 1_000],
      [code, 2_000],
      [code, 4_000],
      [200, undefined],
    ]);
    const [first = { at: 0 }] = server.journal.events('callback.sent');
    expect(server.journal.events('callback.sent').map(({ at }) => at - first.at)).toEqual([0, 1_000, 3_000, 7_000]);
  },
);

test('a receiver that does not answer has 5 s each time, and never holds up the task', async () => {
  await using server = await start({ tasks: { queued: '2h', running: '1h' } });
  await using client = await openClient(server);
  await using receiver = await Receiver.open({ answer: () => {} });
  const id = await create(client, receiver.url);

  for (const [index, pause] of [1_000, 2_000, 4_000, undefined].entries()) {
    await receiver.heard(index + 1);
    await server.clock.waiting(5_000);
    await server.clock.advance(5_000);
    await server.journal.waitFor('callback.failed', ({ attempt }) => attempt === index + 1);
    if (pause === undefined) break;
    await server.clock.waiting(pause);
    await server.clock.advance(pause);
  }
  expect(server.journal.events('callback.failed')).toMatchObject([
    { reason: 'no answer within 5s', ms: 5_000, retryInMs: 1_000 },
    { reason: 'no answer within 5s', ms: 5_000, retryInMs: 2_000 },
    { reason: 'no answer within 5s', ms: 5_000, retryInMs: 4_000 },
    { reason: 'no answer within 5s', ms: 5_000 },
  ]);
  expect(server.journal.events('callback.failed')[3]).not.toHaveProperty('retryInMs');

  await server.clock.advance(3 * 3_600_000);
  expect(server.tasks.get(id)?.status).toBe('succeeded');
});

test('a receiver that is not there is tried again', async () => {
  await using server = await start(slow);
  await using client = await openClient(server);
  const { url } = await (async () => {
    await using receiver = await Receiver.open();
    return receiver;
  })();
  await create(client, url);
  await passRetries(server);

  await server.journal.waitFor('callback.failed', ({ attempt }) => attempt === 4);
  const reasons = server.journal.events('callback.failed').map(({ reason }) => reason);
  expect(reasons).toHaveLength(4);
  for (const reason of reasons) expect(reason).toContain('ECONNREFUSED');
});

test('https reaches a receiver with a certificate of its own', async () => {
  const authority = await CertificateAuthority.create(Date.now());
  await using server = await start(slow);
  await using client = await openClient(server);
  await using receiver = await Receiver.open({ tls: await authority.issue(Date.now()) });
  await create(client, receiver.url);

  expect(statusesOf(await receiver.heard(1))).toEqual(['queued']);
  expect(receiver.url).toMatch(/^https:/);
});

// 0.0.0.0 stands in for an address of other people: it is none of the private ones, and yet leads back here.
const elsewhere = (receiver: Receiver) => receiver.url.replace('localhost', '0.0.0.0');

test('a receiver in other people’s networks is not called, nor tried again', async () => {
  await using server = await start(slow);
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, elsewhere(receiver));

  expect(await server.journal.waitFor('callback.failed')).toMatchObject({
    reason: '0.0.0.0 (0.0.0.0) is neither loopback nor private; allow it with `callbacks: { allow: [0.0.0.0] }`',
  });
  await server.clock.advance(60_000);
  expect(server.journal.events('callback.sent')).toHaveLength(1);
  expect(receiver.connections).toBe(0);
});

test.each(['0.0.0.0', '0.0.0.0/8'])(
  '`allow: [%s]` lets it be called, and asks for a certificate to be trusted',
  async (allowed) => {
    const authority = await CertificateAuthority.create(Date.now());
    await using server = await start({ ...slow, callbacks: { allow: [allowed] } });
    await using client = await openClient(server);
    await using receiver = await Receiver.open();
    await create(client, elsewhere(receiver));
    expect(statusesOf(await receiver.heard(1))).toEqual(['queued']);

    await using secured = await Receiver.open({ tls: await authority.issue(Date.now(), '0.0.0.0') });
    await create(client, elsewhere(secured));
    const { reason } = await server.journal.waitFor('callback.failed');
    expect(reason).toMatch(/certificate/);
    expect(secured.received).toEqual([]);
  },
);

test('a secret in the query reaches the receiver and not the journal', async () => {
  await using server = await start(slow);
  await using client = await openClient(server);
  await using receiver = await Receiver.open();
  await create(client, `${receiver.url}?token=s3cret`);

  expect(await receiver.heard(1)).toMatchObject([{ path: '/hooks/seedance?token=s3cret' }]);
  expect(JSON.stringify(server.journal.events())).not.toContain('s3cret');
});

test('only so many POSTs are open at one time', async () => {
  await using server = await start(slow);
  await using client = await openClient(server);
  const held: ServerResponse[] = [];
  await using receiver = await Receiver.open({ answer: (response) => void held.push(response) });
  const tasks = MAX_OPEN_POSTS + 6;
  for (let task = 0; task < tasks; task++) await create(client, receiver.url);

  await receiver.heard(MAX_OPEN_POSTS);
  expect(server.journal.events('callback.sent')).toHaveLength(MAX_OPEN_POSTS);
  expect(receiver.connections).toBe(MAX_OPEN_POSTS);
  for (const response of held.splice(0)) response.end();
  await receiver.heard(tasks);
  expect(held).toHaveLength(6);
});

test('a server that closes calls off what is under way', async () => {
  await using receiver = await Receiver.open({
    answer: (response, call) => void (call === 1 && response.writeHead(500).end()),
  });
  const server = await start(slow);
  await using client = await openClient(server);
  await create(client, receiver.url);
  await server.clock.waiting(1_000);
  await create(client, receiver.url);
  await receiver.heard(2);

  await server.close();

  expect(server.journal.events('callback.sent')).toHaveLength(2);
  expect(server.journal.events('callback.failed')).toEqual([]);
  expect(server.journal.events('bug')).toEqual([]);
});
