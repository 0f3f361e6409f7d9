import { expect, test } from 'vitest';
import { MAX_BODY_BYTES } from './api.ts';
import { openApi, TASKS_URL, textOnly } from './testing.ts';

/** A sentence, or how it goes on, and the request id behind it. */
const signed = (sentence: string) =>
  expect.toSatisfy((message: string) => {
    const [before = '', id = '', ...rest] = message.split(' Request id: ');
    return before.endsWith(sentence) && /^02\d{13}[0-9a-f]{38}$/.test(id) && rest.length === 0;
  }, `ends in "${sentence}" and a request id`);

test('create answers with the id and nothing else', async () => {
  await using api = await openApi();
  const { status, headers, body } = await api.call('POST', '', { payload: textOnly });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(body).toEqual({ id: expect.stringMatching(/^cgt-\d{14}-[a-z0-9]{5}$/) });
});

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

test.each([undefined, '', 'Bearer', 'Bearer '])('authorization %j is no key', async (authorization) => {
  await using api = await openApi();
  const { statusCode, headers, payload } = await api.app.inject({
    url: TASKS_URL,
    headers: { origin: 'https://example.com', ...(authorization !== undefined && { authorization }) },
  });
  expect(statusCode).toBe(401);
  expect(headers['x-error-code']).toBe('AuthN_MissOrInvalidAuthorizationHeader');
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(JSON.parse(payload)).toEqual({
    error: {
      code: 'AuthenticationError',
      message: `the API key or AK/SK in the request is missing or invalid. request id: ${headers['x-request-id']}`,
      param: '',
      type: 'Unauthorized',
    },
  });
});

test('another scheme than Bearer is a malformed key', async () => {
  await using api = await openApi();
  const { status, headers, body } = await api.call('POST', '', {
    headers: { authorization: 'Basic YTpi' },
    payload: textOnly,
  });
  expect(status).toBe(401);
  expect(headers['x-error-code']).toBe('AuthN_AuthenticationError');
  expect(body).toMatchObject({
    error: { code: 'AuthenticationError', message: signed('The API key format is incorrect.') },
  });
  expect(api.tasks.all()).toEqual([]);
});

test('any bearer token will do', async () => {
  await using api = await openApi();
  expect((await api.call('GET', '', { headers: { authorization: 'bearer garbage' } })).status).toBe(200);
});

test('a rejected create names code, param and sentence, and makes no task', async () => {
  await using api = await openApi();
  const { status, body } = await api.call('POST', '', { payload: { ...textOnly, duration: 16 } });
  expect(status).toBe(400);
  expect(body).toEqual({
    error: {
      code: 'InvalidParameter',
      message: signed(
        'The parameter `duration` specified in the request is not valid: the parameter duration specified in the request is not valid for model doubao-seedance-2-0 in t2v.',
      ),
      param: 'duration',
      type: 'BadRequest',
    },
  });
  expect(api.tasks.all()).toEqual([]);
});

test('an unknown model is 404, its type with a space', async () => {
  await using api = await openApi();
  const { status, body } = await api.call('POST', '', { payload: { ...textOnly, model: 'doubao-seedance-2-0' } });
  expect(status).toBe(404);
  expect(body).toMatchObject({
    error: {
      code: 'InvalidEndpointOrModel.NotFound',
      message: signed('The model or endpoint doubao-seedance-2-0 does not exist or you do not have access to it.'),
      type: 'Not Found',
    },
  });
});

test.each([
  ['application/json'],
  ['application/json; charset=utf-8'],
  ['application/x-www-form-urlencoded'],
  ['text/plain'],
  ['json'],
  [''],
])('a body of type "%s" is JSON', async (type) => {
  await using api = await openApi();
  const { status } = await api.call('POST', '', {
    headers: { 'content-type': type },
    payload: JSON.stringify(textOnly),
  });
  expect(status).toBe(200);
});

test('the body that the official Python SDK sends makes a task', async () => {
  await using api = await openApi();
  const payload = {
    ...textOnly,
    ...{ safety_identifier: null, callback_url: null, return_last_frame: null, service_tier: null },
    ...{ execution_expires_after: null, priority: null, generate_audio: null, draft: null, camera_fixed: null },
    ...{ watermark: null, seed: null, resolution: null, ratio: null, duration: 5, frames: null, tools: null },
  };
  expect((await api.call('POST', '', { payload })).status).toBe(200);
});

test('malformed JSON is 400 and leaves the connection open', async () => {
  await using api = await openApi();
  const { status, headers, body } = await api.call('POST', '', { payload: '{"model":' });
  expect(status).toBe(400);
  expect(headers.connection).not.toBe('close');
  expect(body).toMatchObject({
    error: {
      code: 'InvalidParameter',
      param: '',
      message: expect.stringContaining('not valid: the request body is not valid JSON, '),
    },
  });
});

test('a body over 64 MB is 400', async () => {
  await using api = await openApi();
  const { status, body } = await api.call('POST', '', { payload: Buffer.alloc(MAX_BODY_BYTES + 1, 32) });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    error: { code: 'InvalidParameter', message: signed('the request body exceeds the limit of 67108864 bytes.') },
  });
});

test('a body of several megabytes is fine', async () => {
  await using api = await openApi();
  const url = `data:image/png;base64,${'A'.repeat(8 * 2 ** 20)}`;
  const content = [...textOnly.content, { type: 'image_url', image_url: { url } }];
  expect((await api.call('POST', '', { payload: { ...textOnly, content } })).status).toBe(200);
});

const common = {
  service_tier: 'default',
  execution_expires_after: 172_800,
  generate_audio: true,
  draft: false,
  priority: 0,
};

test('queued and running tasks have exactly ten fields', async () => {
  await using api = await openApi();
  const id = await api.create();
  const created = Math.floor(api.lane.clock.now() / 1_000);
  const base = { id, model: textOnly.model, created_at: created, ...common };
  expect((await api.call('GET', `/${id}`)).body).toEqual({ ...base, status: 'queued', updated_at: created });

  await api.lane.clock.advance(2_000);
  const updated_at = Math.floor((api.lane.clock.now() - 1_000) / 1_000);
  expect((await api.call('GET', `/${id}`)).body).toEqual({ ...base, status: 'running', updated_at });
});

test('a succeeded task has its result, in the order of the service', async () => {
  await using api = await openApi();
  const id = await api.create({ seed: 1276, ratio: '16:9' });
  await api.lane.clock.advance(5_000);
  const { body } = await api.call('GET', `/${id}`);
  expect(body).toMatchObject({
    status: 'succeeded',
    content: {
      video_url: expect.stringMatching(
        /^https:\/\/localhost:8443\/doubao-seedance-2-0\/02[0-9a-f]{51}\.mp4\?X-Tos-Algorithm=/,
      ),
    },
    usage: { completion_tokens: 108_900, total_tokens: 108_900 },
    ...{ seed: 1276, resolution: '720p', ratio: '16:9', duration: 5, framespersecond: 24 },
    ...common,
  });
  expect(Object.keys(body as object)).toEqual([
    ...[
      'id',
      'model',
      'status',
      'content',
      'usage',
      'created_at',
      'updated_at',
      'seed',
      'resolution',
      'ratio',
      'duration',
    ],
    ...['framespersecond', 'service_tier', 'execution_expires_after', 'generate_audio', 'draft', 'priority'],
  ]);
  expect((body as { content: object }).content).not.toHaveProperty('last_frame_url');
});

test('adaptive and -1 are replaced by what was chosen', async () => {
  await using api = await openApi();
  const id = await api.create({ ratio: 'adaptive', duration: -1, return_last_frame: true });
  await api.lane.clock.advance(5_000);
  const { body } = await api.call('GET', `/${id}`);
  expect(body).toMatchObject({
    ratio: '16:9',
    duration: expect.toSatisfy((seconds: number) => seconds >= 4 && seconds <= 15),
    seed: expect.any(Number),
    content: { last_frame_url: expect.stringContaining('.jpg?X-Tos-') },
  });
});

test('frames take the place of duration, and reference videos cost tokens', async () => {
  await using api = await openApi();
  const framed = await api.create({ model: 'seedance-1-0-pro-250528', frames: 29, resolution: '480p' });
  const video = { type: 'video_url', video_url: { url: 'https://example.com/a.mp4' }, role: 'reference_video' };
  const referenced = await api.create({ content: [...textOnly.content, video] });
  await api.lane.clock.advance(5_000);

  const { body } = await api.call('GET', `/${framed}`);
  expect(body).toMatchObject({ frames: 29, usage: { total_tokens: Math.floor((864 * 496 * 29) / 1024) } });
  expect(body).not.toHaveProperty('duration');
  expect((await api.call('GET', `/${referenced}`)).body).toMatchObject({
    usage: { total_tokens: 900 * (24 * 10 + 1) },
  });
});

test('what was sent along comes back', async () => {
  await using api = await openApi();
  const fields = {
    safety_identifier: 'user-1',
    tools: [{ type: 'web_search' }],
    execution_expires_after: 7200,
    priority: 3,
  };
  const id = await api.create(fields);
  expect((await api.call('GET', `/${id}`)).body).toMatchObject(fields);
});

test('a failed task is 200, with code and message only', async () => {
  await using api = await openApi({ tasks: { outcome: 'failed' } });
  const id = await api.create();
  await api.lane.clock.advance(5_000);
  const { status, body } = await api.call('GET', `/${id}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'failed',
    error: { code: 'InternalServiceError', message: signed('The service encountered an unexpected internal error.') },
  });
  expect(Object.keys((body as { error: object }).error)).toEqual(['code', 'message']);
  expect(body).not.toHaveProperty('failure_reason');
});

test('an endpoint id answers with the model behind it', async () => {
  await using api = await openApi();
  const id = await api.create({ model: 'ep-20260416234150-zsd4v' });
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({ model: 'doubao-seedance-2-0-260128' });
});

test('GET takes a content type and a body', async () => {
  await using api = await openApi();
  const id = await api.create();
  const options = { headers: { 'content-type': 'application/json' }, payload: '{}' };
  expect((await api.call('GET', `/${id}`, options)).status).toBe(200);
});

test.each([
  ['no body', {}],
  ['a type and no body', { headers: { 'content-type': 'application/json' } }],
  ['an empty object', { payload: {} }],
  ['a body that is no JSON', { payload: 'x' }],
])('DELETE with %s answers 200 {}', async (_title, options) => {
  await using api = await openApi();
  const id = await api.create();
  const { status, headers, body } = await api.call('DELETE', `/${id}`, options);
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(body).toEqual({});
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({ status: 'cancelled' });
});

test('DELETE removes what is over, and refuses what runs or was cancelled', async () => {
  await using api = await openApi();
  const id = await api.create();
  await api.lane.clock.advance(1_000);
  const refused = await api.call('DELETE', `/${id}`);
  expect(refused.status).toBe(409);
  expect(refused.body).toEqual({
    error: {
      code: 'InvalidAction.RunningTaskDeletion',
      message: signed(`Cannot delete task \`${id}\` because it is currently running.`),
      param: '',
      type: 'Conflict',
    },
  });

  await api.lane.clock.advance(4_000);
  expect((await api.call('DELETE', `/${id}`)).status).toBe(200);
  expect((await api.call('GET', `/${id}`)).status).toBe(404);
  expect((await api.call('DELETE', `/${id}`)).status).toBe(404);

  const other = await api.create();
  await api.call('DELETE', `/${other}`);
  const again = await api.call('DELETE', `/${other}`);
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({
    error: { message: signed(' because it is already cancelled.') },
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
      message: signed(`The specified action is invalid: \`${path}\`.`),
      param: '',
      type: 'NotFound',
    },
  });
});

test('HEAD on a task is no action', async () => {
  await using api = await openApi();
  expect((await api.call('HEAD', `/${await api.create()}`)).status).toBe(404);
});

test('posting to a cancel path is a bad create', async () => {
  await using api = await openApi();
  const id = await api.create();
  const { status, body } = await api.call('POST', `/${id}/cancel`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: { code: 'MissingParameter', param: 'model' } });
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({ status: 'queued' });
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

test('OPTIONS needs no key and allows what is asked', async () => {
  await using api = await openApi();
  const { statusCode, headers } = await api.app.inject({
    method: 'OPTIONS',
    url: TASKS_URL,
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

test('a browser with a key may read the answer', async () => {
  await using api = await openApi();
  const { headers } = await api.call('GET', '', { headers: { origin: 'https://example.com' } });
  expect(headers['access-control-allow-origin']).toBe('https://example.com');
});

test('the result URL names the authority that was asked, or the public one', async () => {
  await using api = await openApi();
  const id = await api.create();
  await api.lane.clock.advance(5_000);
  const urlAt = async (host: string) => {
    const { body } = await api.call('GET', `/${id}`, { headers: { host } });
    return (body as { content: { video_url: string } }).content.video_url;
  };
  expect(await urlAt('mock:8443')).toMatch(/^https:\/\/mock:8443\/doubao/);
  expect(await urlAt('10.0.0.1')).toMatch(/^https:\/\/10\.0\.0\.1\/doubao/);
  expect(await urlAt('mock:8443')).toBe(await urlAt('mock:8443'));

  await using open = await openApi({}, { publicUrl: 'https://videos.example.com/' });
  const other = await open.create();
  await open.lane.clock.advance(5_000);
  expect((await open.call('GET', `/${other}`)).body).toMatchObject({
    content: { video_url: expect.stringMatching(/^https:\/\/videos\.example\.com\/doubao/) },
  });
});

test('a failure of ours is a 500 of the service, and a bug in the journal', async () => {
  await using api = await openApi();
  api.tasks.get = () => {
    throw new TypeError('oops');
  };
  const { status, body } = await api.call('GET', '/cgt-a');
  expect(status).toBe(500);
  expect(body).toMatchObject({ error: { code: 'InternalServiceError', type: 'InternalServerError' } });
  expect(api.lane.journal.events('bug')).toMatchObject([{ message: 'oops' }]);
});
