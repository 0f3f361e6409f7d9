import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../server/faults/error-codes.ts';
import type { FaultInput } from '../../server/scenario/load.ts';
import { clients, startFaulty } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { readAnswer as read } from './support/read-answer.ts';
import { TASKS, textOnly } from './support/tasks.ts';

describe.each(clients)('%s', (_protocol, open) => {
  test('above the limit there is 429, until the window that Retry-After names is over', async () => {
    await using server = await startFaulty({
      name: 'limit',
      on: 'request',
      match: { method: 'POST' },
      inject: [{ 'rate-limit': { requests: 2, per: '3s' } }],
    });
    await using client = await open(server);
    const statuses = [];
    for (let call = 0; call < 3; call++) statuses.push((await read(client.post(TASKS, textOnly))).status);
    expect(statuses).toEqual([200, 200, 429]);

    await server.clock.advance(1_500);
    const { headers, text } = await read(client.post(TASKS, textOnly));
    expect(headers['retry-after']).toBe('2');
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'AccountRateLimitExceeded', type: 'TooManyRequests' } });
    // Polls are not matched, and so not counted.
    expect(await client.get(TASKS)).toMatchObject({ status: 200 });

    await server.clock.advance(1_500);
    expect(await client.post(TASKS, textOnly)).toMatchObject({ status: 200 });
    expect(server.journal.events('task.created')).toHaveLength(3);
    expect(server.journal.events('fault.injected').map(({ ordinal }) => ordinal)).toEqual([3, 4]);
  });

  test('a create that is refused unread is known by its body when it comes again', async () => {
    await using server = await startFaulty({
      name: 'busy',
      on: 'request',
      match: { method: 'POST' },
      when: { first: 2 },
      inject: [{ status: { code: 503 } }],
    });
    await using client = await open(server);
    const another = { ...textOnly, content: [{ type: 'text', text: 'Another.' }] };
    for (const body of [textOnly, another, textOnly]) await client.post(TASKS, body);

    const [first, second, third] = server.journal
      .events('request.body')
      .map(({ digest, bytes }) => ({ digest, bytes }));
    expect(first).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{16}$/), bytes: JSON.stringify(textOnly).length });
    expect(third).toEqual(first);
    expect(second?.digest).not.toBe(first?.digest);
  });

  test('a create that a fault lets wait is known by its body while it waits', async () => {
    await using server = await startFaulty({
      name: 'slow',
      on: 'request',
      match: { method: 'POST' },
      when: { first: 1 },
      inject: [{ delay: { ms: 400 } }],
    });
    await using client = await open(server);
    const answer = client.post(TASKS, textOnly);
    const { digest, intent } = await server.journal.waitFor('request.body');
    expect(server.journal.events('task.created')).toEqual([]);

    await server.clock.advance(400);
    expect(await answer).toMatchObject({ status: 200 });
    await client.post(TASKS, { ...textOnly, seed: 7 });
    // Each is noted once.
    expect(server.journal.events('request.body')).toMatchObject([{ digest, intent }, { intent }]);
  });

  test.each<[string, Extract<FaultInput, { on: 'response' }>['inject'], object]>([
    ['another status', [{ status: { code: 200, body: 'html' } }], { altered: true }],
    ['another body', [{ 'corrupt-body': {} }], { altered: true }],
    ['a length that is not its own', [{ 'wrong-length': { by: -1 } }], { altered: true }],
    ['nothing but a delay', [{ delay: { ms: 0 } }], {}],
  ])('an answer with %s is noted as altered, if it is', async (_what, inject, noted) => {
    await using server = await startFaulty({ name: 'odd', on: 'response', inject });
    await using client = await open(server);
    await client.get(TASKS).catch(() => {});

    const { altered } = await server.journal.waitFor('response.sent');
    expect({ ...(altered && { altered }) }).toEqual(noted);
  });

  test('what is not over the limit is none of the times that a fault may strike', async () => {
    await using server = await startFaulty({
      name: 'limit',
      on: 'request',
      when: { times: 1 },
      inject: [{ 'rate-limit': { requests: 2, per: '1h' } }],
    });
    await using client = await open(server);
    const statuses = [];
    for (let call = 0; call < 4; call++) statuses.push((await read(client.get(TASKS))).status);

    expect(statuses).toEqual([200, 200, 429, 200]);
    expect(server.lane.faults).toMatchObject([{ matched: 4, struck: 1 }]);
  });

  test('a limit starts anew with its scenario', async () => {
    await using server = await startFaulty({
      name: 'limit',
      on: 'request',
      inject: [{ 'rate-limit': { requests: 1, per: '1h', by: 'lane' } }],
    });
    await using client = await open(server);
    expect(await client.get(TASKS)).toMatchObject({ status: 200 });
    expect(await client.get(TASKS)).toMatchObject({ status: 429 });
    server.lane.restart();
    expect(await client.get(TASKS)).toMatchObject({ status: 200 });
  });

  test('a redirect on `request` points in a circle, and nothing is done', async () => {
    await using server = await startFaulty({ name: 'circle', on: 'request', inject: ['redirect'] });
    await using client = await open(server);
    const { status, headers } = await read(client.post(`${TASKS}?a=b`, textOnly));
    expect(status).toBe(302);
    expect(headers.location).toBe(`${TASKS}?a=b`);
    expect(server.journal.events('task.created')).toEqual([]);
  });

  test('a redirect on `response` lets a client that follows it create a second task', async () => {
    await using server = await startFaulty({
      name: 'elsewhere',
      on: 'response',
      when: { first: 1 },
      inject: [{ redirect: { code: 307, location: TASKS } }],
    });
    await using client = await open(server);
    const { status, headers } = await read(client.post(TASKS, textOnly));
    expect(status).toBe(307);
    expect(await client.post(String(headers.location), textOnly)).toMatchObject({ status: 200 });
    expect(server.journal.events('task.created')).toHaveLength(2);
  });

  test('a cut leaves JSON without its end, at its full length', async () => {
    await using server = await startFaulty({
      name: 'cut',
      on: 'response',
      inject: [{ 'corrupt-body': { how: 'cut', from: 10 } }],
    });
    await using client = await open(server);
    const { headers, text } = await read(client.post(TASKS, textOnly));
    expect(text).toMatch(/^\{"id":"cgt {23}$/);
    expect(headers['content-length']).toBe('33');
  });

  test('a flip changes one byte, the same in each run of a seed', async () => {
    const flipped = async () => {
      await using server = await startFaulty({
        name: 'flip',
        on: 'response',
        inject: [{ 'corrupt-body': { from: 4 } }],
      });
      await using client = await open(server);
      return (await read(client.get(TASKS))).text;
    };
    const text = await flipped();
    const whole = '{"total":0,"items":[]}';
    expect(text).toHaveLength(whole.length);
    expect([...text].filter((character, at) => character !== whole[at])).toHaveLength(1);
    expect(text.slice(0, 4)).toBe(whole.slice(0, 4));
    expect(await flipped()).toBe(text);
  });

  test('Content-Type says something else of the same body', async () => {
    await using server = await startFaulty({ name: 'page', on: 'response', inject: ['wrong-type'] });
    await using client = await open(server);
    const { headers, text } = await read(client.get(TASKS));
    expect(headers['content-type']).toBe('text/html');
    expect(JSON.parse(text)).toMatchObject({ total: 0 });
  });

  test('headers that are dropped are not sent', async () => {
    await using server = await startFaulty({
      name: 'bare',
      on: 'response',
      inject: [{ 'drop-header': { name: 'X-Request-Id' } }, { 'drop-header': { name: 'content-type' } }],
    });
    await using client = await open(server);
    const { headers, text } = await read(client.get(TASKS));
    expect(Object.keys(headers).filter((name) => /request-id|content-type/.test(name))).toEqual([]);
    expect(headers.server).toBe('istio-envoy');
    expect(JSON.parse(text)).toMatchObject({ total: 0 });
  });
});

test('HTTP/2 without Content-Length ends with its END_STREAM, HTTP/1.1 is chunked', async () => {
  await using server = await startFaulty({
    name: 'no length',
    on: 'response',
    inject: [{ 'drop-header': { name: 'content-length' } }],
  });
  await using client = await openClient(server);
  const { headers, frames } = await client.get(TASKS);
  expect(headers).not.toHaveProperty('content-length');
  expect(frames).toEqual(['HEADERS 200', 'DATA 22', 'END_STREAM']);

  await using client1 = await openHttp1Client(server);
  await client1.socket.write(writeRequest('GET', TASKS));
  await client1.socket.saw('\r\n0\r\n\r\n');
  expect(client1.socket.received).toMatch(/transfer-encoding: chunked\r\n/i);
  expect(client1.socket.received).not.toMatch(/content-length/i);
});

test('HTTP/2: a body shorter than announced is malformed, and the stream ends with PROTOCOL_ERROR', async () => {
  await using server = await startFaulty({
    name: 'long',
    on: 'response',
    when: { first: 1 },
    inject: [{ 'wrong-length': { by: 10 } }],
  });
  await using client = await openClient(server);
  const { headers, frames, rstCode } = await client.get(TASKS);
  expect(headers['content-length']).toBe('32');
  expect(frames).toEqual(['HEADERS 200', 'DATA 22', 'END_STREAM']);
  expect(rstCode).toBe(errorCodes.PROTOCOL_ERROR);
  // The connection is sound.
  expect(await client.get(TASKS)).toMatchObject({ status: 200 });
});

test('HTTP/2: a body longer than announced is malformed too', async () => {
  await using server = await startFaulty({ name: 'short', on: 'response', inject: [{ 'wrong-length': { by: -10 } }] });
  await using client = await openClient(server);
  const { headers, rstCode } = await client.get(TASKS);
  expect(headers['content-length']).toBe('12');
  expect(rstCode).not.toBe(errorCodes.NO_ERROR);
  expect(client.transcript.slice(0, 2)).toEqual(['HEADERS 200', 'DATA 22']);
});

test('HTTP/1.1: a client waits for what was announced and does not come', async () => {
  await using server = await startFaulty({ name: 'long', on: 'response', inject: [{ 'wrong-length': { by: 10 } }] });
  await using client = await openHttp1Client(server);
  await client.socket.write(writeRequest('GET', TASKS));
  await server.journal.waitFor('response.sent');
  await client.socket.until(() => client.transcript.at(-1) === 'DATA 22 of 32');
  expect(client.socket.end).toBe('open');
});

test('HTTP/1.1: what was not announced stands where the next answer should', async () => {
  await using server = await startFaulty({ name: 'short', on: 'response', inject: [{ 'wrong-length': { by: -10 } }] });
  await using client = await openHttp1Client(server);
  expect(await client.get(TASKS)).toMatchObject({ status: 200, body: '{"total":0,"', wanted: 12 });
  await client.socket.saw('items":[]}');
  await client.socket.write(writeRequest('GET', TASKS));
  await client.socket.saw('items":[]}HTTP/1.1 200');
});

test('a body without a byte that came while its request waited is read all the same', async () => {
  const slow = { name: 'slow', on: 'request', match: { method: 'POST' }, inject: [{ delay: { ms: 400 } }] } as const;
  await using server = await startFaulty(slow);
  const session = http2.connect(server.url, { ca: server.ca });
  await once(session, 'connect');
  const json = { ':method': 'POST', ':path': TASKS, authorization: 'Bearer x', 'content-type': 'application/json' };
  const call = session.request(json, { endStream: false });
  const answer = once(call, 'response');
  await server.journal.waitFor('fault.injected');
  call.end();
  // The answer to a PING comes behind the END_STREAM before it.
  await new Promise((resolve) => session.ping(resolve));
  await server.clock.advance(400);
  const [head] = await answer;
  expect(head).toMatchObject({ ':status': 400 });
  session.destroy();
});
