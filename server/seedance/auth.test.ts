import { expect, test } from 'vitest';
import { openApi, signed, TASKS_URL, textOnly } from './testing.ts';

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
    error: { code: 'AuthenticationError', message: expect.toSatisfy(signed('The API key format is incorrect.')) },
  });
  expect(api.tasks.all()).toEqual([]);
});

test('any bearer token will do', async () => {
  await using api = await openApi();
  expect((await api.call('GET', '', { headers: { authorization: 'bearer garbage' } })).status).toBe(200);
});
