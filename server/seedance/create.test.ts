import { expect, test } from 'vitest';
import { MAX_BODY_BYTES } from './api.ts';
import { openApi, signed, textOnly } from './testing.ts';

test('create answers with the id and nothing else', async () => {
  await using api = await openApi();
  const { status, headers, body } = await api.call('POST', '', { payload: textOnly });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(body).toEqual({ id: expect.stringMatching(/^cgt-\d{14}-[a-z0-9]{5}$/) });
});

test('a rejected create names code, param and sentence, and makes no task', async () => {
  await using api = await openApi();
  const { status, body } = await api.call('POST', '', { payload: { ...textOnly, duration: 16 } });
  expect(status).toBe(400);
  expect(body).toEqual({
    error: {
      code: 'InvalidParameter',
      message: expect.toSatisfy(
        signed(
          'The parameter `duration` specified in the request is not valid: the parameter duration specified in the request is not valid for model doubao-seedance-2-0 in t2v.',
        ),
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
      message: expect.toSatisfy(
        signed('The model or endpoint doubao-seedance-2-0 does not exist or you do not have access to it.'),
      ),
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
    error: {
      code: 'InvalidParameter',
      message: expect.toSatisfy(signed('the request body exceeds the limit of 67108864 bytes.')),
    },
  });
});

test('a body of several megabytes is fine', async () => {
  await using api = await openApi();
  const url = `data:image/png;base64,${'A'.repeat(8 * 2 ** 20)}`;
  const content = [...textOnly.content, { type: 'image_url', image_url: { url } }];
  expect((await api.call('POST', '', { payload: { ...textOnly, content } })).status).toBe(200);
});

const withAsset = (id: string) => ({
  ...textOnly,
  content: [...textOnly.content, { type: 'image_url', image_url: { url: `asset://${id}` } }],
});

test('any id that looks like an asset is one', async () => {
  await using api = await openApi();
  expect((await api.call('POST', '', { payload: withAsset('asset-20260401123456-abcde') })).status).toBe(200);
});

test.each(['a', 'asset-', 'asset-1/2', 'asset 1'])('"%s" is no asset', async (id) => {
  await using api = await openApi();
  const { status, body } = await api.call('POST', '', { payload: withAsset(id) });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    error: {
      code: 'InvalidParameter',
      param: 'content[1].image_url.url',
      message: expect.toSatisfy(signed(`The specified asset ${id} is not found.`)),
    },
  });
});

test('a scenario that names its assets may call them anything', async () => {
  await using api = await openApi({ media: { assets: ['cat'] } });
  expect((await api.call('POST', '', { payload: withAsset('cat') })).status).toBe(200);
  expect((await api.call('POST', '', { payload: withAsset('asset-20260401123456-abcde') })).status).toBe(400);
});

test('posting to a cancel path is a bad create', async () => {
  await using api = await openApi();
  const id = await api.create();
  const { status, body } = await api.call('POST', `/${id}/cancel`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: { code: 'MissingParameter', param: 'model' } });
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({ status: 'queued' });
});
