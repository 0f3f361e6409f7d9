import { describe, expect, test } from 'vitest';
import type { MockServer, ScenarioInput } from '../../server/index.ts';
import { clients } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { bodyOf, startProxy, startUpstream } from './support/upstreams.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

const onCreate = (inject: FaultInput['inject'], on: 'request' | 'response' = 'request') =>
  ({ name: 'planned', on, match: { method: 'POST', path: TASKS }, when: { first: 1 }, inject }) as FaultInput;

/** The events of these types, in their order. */
const storyOf = ({ journal }: MockServer, ...types: string[]) =>
  journal.events().flatMap(({ type }) => (types.includes(type) ? [type] : []));

const told = ['task.created', 'response.sent', 'response.abandoned', 'upstream.failed'];

describe.each(clients)('over %s', (version, open) => {
  test.each([
    ['before-commit', [], 0],
    ['after-commit', [], 1],
    ['headers', ['HEADERS 200'], 1],
    [{ bodyBytes: 10 }, ['HEADERS 200', 'DATA 10'], 1],
  ] as const)('an answer is reset at %o', async (at, seen, tasks) => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream, { faults: [onCreate([{ end: { at, how: 'reset' } }])] });
    await using client = await open(proxy);

    await client.post(TASKS, textOnly);

    const transcript = client.transcript
      .map((entry) => entry.replace(/ of \d+$/, ''))
      .filter((one) => one !== 'DATA 0');
    expect(transcript).toEqual([...seen, 'RESET']);
    expect(upstream.tasks.all()).toHaveLength(tasks);
    // The task is told of before its answer is lost, as on our own service.
    expect(storyOf(proxy, ...told)).toEqual([...(tasks > 0 ? ['task.created'] : []), 'response.abandoned']);
    expect(proxy.journal.events('response.abandoned')).toMatchObject([{ by: 'fault', cause: 'planned', how: 'reset' }]);
  });

  test('a status on `request` keeps the call from the upstream; on `response` it takes the place of its answer', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream, {
      faults: [
        { name: 'busy', on: 'request', when: { nth: 1 }, inject: [{ status: { code: 429, retryAfter: 2 } }] },
        { name: 'broken', on: 'response', when: { nth: 2 }, inject: [{ status: { code: 500 } }] },
      ],
    });
    await using client = await open(proxy);

    const refused = await client.post(TASKS, textOnly);
    const lost = await client.post(TASKS, textOnly);

    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '2', 'x-request-id': expect.any(String) } });
    expect(lost?.status).toBe(500);
    expect(JSON.parse(bodyOf(lost)).error.code).toBe('InternalServiceError');
    expect(upstream.tasks.all()).toHaveLength(1);
    expect(storyOf(proxy, ...told)).toEqual(['response.sent', 'task.created', 'response.sent']);
    expect(lost?.headers).not.toHaveProperty('proxy-status');
  });

  test('a delay on `request` comes before the upstream is called, one on `response` after it has answered', async () => {
    await using upstream = await startUpstream();
    const faults = [
      onCreate([{ delay: { ms: 5_000 } }]),
      { ...onCreate([{ delay: { ms: '3s' } }], 'response'), name: 'b' },
    ];
    await using proxy = await startProxy(upstream, { faults });
    await using client = await open(proxy);

    const reply = client.post(TASKS, textOnly);
    await proxy.clock.waiting(5_000);
    expect(upstream.tasks.all()).toEqual([]);
    await proxy.clock.advance(5_000);
    await proxy.clock.waiting(3_000);
    expect(upstream.tasks.all()).toHaveLength(1);
    expect(client.transcript).toEqual([]);
    await proxy.clock.advance(3_000);

    expect((await reply)?.status).toBe(200);
  });

  test('a body is slowed down, its head altered', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream, {
      faults: [onCreate([{ 'slow-body': { bytesPerSecond: 10 } }, { 'drop-header': { name: 'x-request-id' } }])],
    });
    await using client = await open(proxy);

    const reply = client.post(TASKS, textOnly);
    await proxy.clock.waiting(100);
    await proxy.clock.advance(60_000);

    const answer = await reply;
    expect(JSON.parse(bodyOf(answer))).toEqual({ id: upstream.tasks.all()[0]?.id });
    expect(answer?.headers).not.toHaveProperty('x-request-id');
  });

  test('GOAWAY lets the answer that is under way come whole, and the connection goes', async () => {
    await using upstream = await startUpstream();
    await using proxy = await startProxy(upstream, { faults: [onCreate([{ goaway: {} }])] });
    await using client = await open(proxy);

    const answer = await client.post(TASKS, textOnly);

    expect(JSON.parse(bodyOf(answer))).toEqual({ id: upstream.tasks.all()[0]?.id });
    // A client over HTTP/1.1 that leaves the FIN unanswered is reset.
    await proxy.clock.advance(400);
    await proxy.journal.waitFor('connection.ended');
    expect(proxy.journal.events('goaway.sent')).toHaveLength(version === 'HTTP/2' ? 1 : 0);
  });

  test.each([
    ['says its length', { 'content-length': '27' }],
    ['does not', {}],
  ])('a body is corrupted at its places where the upstream %s', async (_what, headers) => {
    const body = '{"id":"cgt-1","more":"..."}';
    await using upstream = await startBroken(body, headers);
    await using proxy = await startProxy(upstream, {
      faults: [onCreate([{ 'corrupt-body': { how: 'cut', from: 20 } }])],
    });
    await using client = await open(proxy);

    const answer = await client.post(TASKS, textOnly);

    expect(answer?.headers['content-length']).toBe('27');
    expect(bodyOf(answer)).toBe(body.slice(0, 20).padEnd(27));
    // What the upstream did is known from what it said, whatever the client is told.
    expect(proxy.journal.events('task.created')).toMatchObject([{ task: 'cgt-1' }]);
  });

  test.each([
    ['says it', { 'content-length': '27' }],
    ['does not', {}],
  ])('a length is misstated where the upstream %s', async (_what, headers) => {
    await using upstream = await startBroken('{"id":"cgt-1","more":"..."}', headers);
    await using proxy = await startProxy(upstream, { faults: [onCreate([{ 'wrong-length': { by: -7 } }])] });
    await using client = await open(proxy);

    const answer = await client.post(TASKS, textOnly);

    expect(answer?.headers['content-length']).toBe('20');
  });
});

/** Answers with a body in two pieces. */
const startBroken = (body: string, headers: Record<string, string>) =>
  ScriptedUpstream.open('h2', (request, response) => {
    request.resume();
    response.writeHead(200, headers);
    response.write(body.slice(0, 9));
    response.end(body.slice(9));
  });

test('a stream alone is reset, its siblings go on, and no END_STREAM comes before it', async () => {
  await using upstream = await startUpstream();
  const end = { at: { bodyBytes: 10 }, how: 'rst-stream', code: 'CANCEL' } as const;
  await using proxy = await startProxy(upstream, { faults: [onCreate([{ end }])] });
  await using client = await openClient(proxy);

  const cut = await client.post(TASKS, textOnly);
  const whole = await client.post(TASKS, textOnly);

  expect(cut.frames).toEqual(['HEADERS 200', 'DATA 10', 'RST_STREAM CANCEL']);
  expect(whole.status).toBe(200);
  expect(whole.frames.at(-1)).toBe('END_STREAM');
  expect(proxy.journal.events('task.created')).toHaveLength(2);
});

test('a call that a fault answers has its body thrown away, and the connection goes on', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream, { faults: [onCreate([{ status: { code: 429 } }])] });
  await using client = await openClient(proxy);
  const large = { ...textOnly, content: [{ type: 'text', text: 'x'.repeat(2_000_000) }] };

  expect((await client.post(TASKS, large)).status).toBe(429);
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
  expect(proxy.journal.events('connection.opened')).toHaveLength(1);
});

test('faults on frames strike what the upstream answers', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(upstream, {
    faults: [{ name: 'no data', on: 'session', inject: [{ 'drop-frame': { type: 'DATA', nth: 1 } }] }],
  });
  await using client = await openClient(proxy);

  const answer = await client.post(TASKS, textOnly);

  expect(answer.text).toBe('');
  expect(proxy.journal.events('frame.tampered')).toMatchObject([{ cause: 'no data', frame: 'DATA' }]);
});
