import { expect, test } from 'vitest';
import { openApi, signed, TASKS_URL } from './testing.ts';

test('every answer names the request and echoes the client', async () => {
  await using api = await openApi();
  const id = await api.create();
  for (const path of ['', `/${id}`, '/cgt-none', '/a/b/c']) {
    const { headers } = await api.call('GET', path, { headers: { 'X-Client-Request-Id': 'mine-1' } });
    expect(headers).toMatchObject({
      'x-request-id': expect.stringMatching(/^02\d{13}[0-9a-f]{38}$/),
      'x-client-request-id': 'mine-1',
      server: 'istio-envoy',
    });
  }
});

test.each([
  [400, 'POST', '', { payload: {} }],
  [400, 'POST', '', { payload: '{"model":' }],
  [400, 'GET', '?page_num=0', {}],
  [401, 'GET', '', { headers: { authorization: '' } }],
  [401, 'GET', '', { headers: { authorization: 'Basic YTpi' } }],
  [404, 'POST', '', { payload: { model: 'sora-2' } }],
  [404, 'GET', '/cgt-none', {}],
  [404, 'DELETE', '/cgt-none', {}],
  [404, 'GET', '/a/b/c', {}],
] as const)('a %i to %s %s ends its message in the request id of its header', async (code, method, path, options) => {
  await using api = await openApi();
  const { status, headers, body } = await api.call(method, path, options);
  expect(status).toBe(code);
  expect(headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', server: 'istio-envoy' });
  expect(headers['x-request-id']).toMatch(/^02\d{13}[0-9a-f]{38}$/);
  const { error } = body as { error: { message: string } };
  expect(Object.keys(error)).toEqual(['code', 'message', 'param', 'type']);
  expect(error.message.toLowerCase().endsWith(` request id: ${headers['x-request-id']}`)).toBe(true);
});

test('the request id of the header ends the error message', async () => {
  await using api = await openApi();
  const { headers, body } = await api.call('GET', '/cgt-00000000000000-xxxxx');
  expect(body).toEqual({
    error: {
      code: 'ResourceNotFound',
      message: `The specified resource \`cgt-00000000000000-xxxxx\` is not found. Request id: ${headers['x-request-id']}`,
      param: '',
      type: 'NotFound',
    },
  });
});

test.each([
  ['GET', '/api/v3/nothing'],
  ['PUT', TASKS_URL],
  ['DELETE', TASKS_URL],
  ['PATCH', `${TASKS_URL}/cgt-a`],
  ['GET', `${TASKS_URL}/cgt-a/logs`],
  ['POST', '/api/v3/images/generations'],
] as const)('%s %s is no action', async (method, path) => {
  await using api = await openApi();
  const { status, body } = await api.call(method, `${path}?a=1`, method === 'GET' ? {} : { payload: 'x' });
  expect(status).toBe(404);
  expect(body).toEqual({
    error: {
      code: 'InvalidAction',
      message: expect.toSatisfy(signed(`The specified action is invalid: \`${path}\`.`)),
      param: '',
      type: 'NotFound',
    },
  });
});

test('HEAD on a task is no action', async () => {
  await using api = await openApi();
  expect((await api.call('HEAD', `/${await api.create()}`)).status).toBe(404);
});

test.each(['', '/api', '/api/v3', '/foo', '/a/b/c', '/a/b/c/d/e'])(
  'the prefix "%s" of a base URL is kept',
  async (prefix) => {
    await using api = await openApi();
    const id = await api.create();
    const answer = await api.app.inject({
      url: `${prefix}/contents/generations/tasks/${id}`,
      headers: { authorization: 'Bearer ark-key' },
    });
    expect(answer.json()).toMatchObject({ id });
  },
);

test.each([TASKS_URL, `${TASKS_URL}/cgt-a`])('OPTIONS %s needs no key and allows what is asked', async (url) => {
  await using api = await openApi();
  const { statusCode, headers } = await api.app.inject({
    method: 'OPTIONS',
    url,
    headers: { origin: 'https://example.com', 'access-control-request-headers': 'authorization,content-type' },
  });
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({
    'access-control-allow-origin': 'https://example.com',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': 'authorization,content-type',
    'access-control-allow-methods': 'GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH,CONNECT',
    'access-control-max-age': '0',
  });
});

test('OPTIONS echoes nothing that was not asked', async () => {
  await using api = await openApi();
  const { statusCode, headers } = await api.app.inject({ method: 'OPTIONS', url: TASKS_URL });
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'access-control-max-age': '0' });
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(headers).not.toHaveProperty('access-control-allow-headers');
});

test('a browser with a key may read the answer', async () => {
  await using api = await openApi();
  const { headers } = await api.call('GET', '', { headers: { origin: 'https://example.com' } });
  expect(headers['access-control-allow-origin']).toBe('https://example.com');
});

test('a failure of ours is a 500 of the service, and a bug in the journal', async () => {
  await using api = await openApi();
  api.tasks.show = () => {
    throw new TypeError('oops');
  };
  const { status, body } = await api.call('GET', '/cgt-a');
  expect(status).toBe(500);
  expect(body).toMatchObject({ error: { code: 'InternalServiceError', type: 'InternalServerError' } });
  expect(api.lane.journal.events('bug')).toMatchObject([{ message: 'oops' }]);
});
