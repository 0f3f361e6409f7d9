import { expect, test } from 'vitest';
import { openApi, signed } from './testing.ts';

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

test.each(['succeeded', 'failed', 'expired'])('DELETE removes a task that is %s', async (status) => {
  await using api = await openApi();
  const id = await api.create();
  if (status !== 'expired') api.tasks.transition(id, 'running');
  api.tasks.transition(id, status);
  const { status: answered, body } = await api.call('DELETE', `/${id}`);
  expect([answered, body]).toEqual([200, {}]);
  expect((await api.call('GET', `/${id}`)).status).toBe(404);
  expect((await api.call('GET')).body).toEqual({ total: 0, items: [] });
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
      message: expect.toSatisfy(signed(`Cannot delete task \`${id}\` because it is currently running.`)),
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
    error: { message: expect.toSatisfy(signed(' because it is already cancelled.')) },
  });
});
