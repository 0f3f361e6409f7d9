import { expect, test } from 'vitest';
import { openApi, signed, textOnly } from './testing.ts';

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
    error: {
      code: 'InternalServiceError',
      message: expect.toSatisfy(signed('The service encountered an unexpected internal error.')),
    },
  });
  expect(Object.keys((body as { error: object }).error)).toEqual(['code', 'message']);
  expect(body).not.toHaveProperty('failure_reason');
});

test.each([
  ['failed', ['error']],
  ['expired', []],
  ['cancelled', []],
] as const)('a task that is %s has the ten fields of a running one, and %j', async (status, more) => {
  await using api = await openApi();
  const id = await api.create();
  const created = Math.floor(api.lane.clock.now() / 1_000);
  if (status === 'failed') api.tasks.transition(id, 'running');
  api.tasks.transition(id, status);
  const { body } = await api.call('GET', `/${id}`);
  expect(body).toEqual({
    ...{ id, model: textOnly.model, status, created_at: created, updated_at: created },
    ...common,
    ...Object.fromEntries(more.map((name) => [name, { code: expect.any(String), message: expect.any(String) }])),
  });
});

test.each([
  ['cancelled', 24],
  ['expired', 7 * 24],
  ['succeeded', 7 * 24],
] as const)('a task that is %s is answered for %i hours, then it is an unknown one', async (status, hours) => {
  await using api = await openApi();
  const id = await api.create();
  if (status === 'succeeded') api.tasks.transition(id, 'running');
  api.tasks.transition(id, status);
  const statusIn = async (path: string) => (await api.call('GET', path)).status;
  const total = async () => ((await api.call('GET')).body as { total: number }).total;

  await api.lane.clock.advance(hours * 3_600_000 - 1);
  expect([await statusIn(`/${id}`), await total()]).toEqual([200, 1]);
  await api.lane.clock.advance(2);
  expect([await statusIn(`/${id}`), await total()]).toEqual([404, 0]);
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
  const other = await open.create({ return_last_frame: true });
  await open.lane.clock.advance(5_000);
  const atPublicUrl = expect.stringMatching(/^https:\/\/videos\.example\.com\/doubao/);
  expect((await open.call('GET', `/${other}`)).body).toMatchObject({
    content: { video_url: atPublicUrl, last_frame_url: atPublicUrl },
  });
});
