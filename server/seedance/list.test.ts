import { expect, test } from 'vitest';
import { openApi, type TestApi } from './testing.ts';

interface Listed {
  readonly total: number;
  readonly items: readonly { readonly id: string; readonly error?: object; readonly failure_reason?: object }[];
}

const list = async (api: TestApi, query = '') => (await api.call('GET', query)).body as Listed;
const idsOf = async (api: TestApi, query = '') => (await list(api, query)).items.map(({ id }) => id);

async function createSeveral(api: TestApi, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made++) ids.unshift(await api.create());
  return ids;
}

test('a bare question mark asks for everything, newest first, 20 to a page', async () => {
  await using api = await openApi();
  const ids = await createSeveral(api, 25);
  expect(await idsOf(api)).toEqual(ids.slice(0, 20));
  expect(await idsOf(api, '?')).toEqual(ids.slice(0, 20));
  expect((await list(api, '?')).total).toBe(25);
});

test('pages follow each other; past the end there is nothing but the true total', async () => {
  await using api = await openApi();
  const ids = await createSeveral(api, 5);
  expect(await idsOf(api, '?page_num=1&page_size=2')).toEqual(ids.slice(0, 2));
  expect(await idsOf(api, '?page_num=3&page_size=2')).toEqual(ids.slice(4));
  expect(await list(api, '?page_num=4&page_size=2')).toEqual({ total: 5, items: [] });
});

test.each([
  ['page_num', '0'],
  ['page_num', '501'],
  ['page_num', 'x'],
  ['page_size', '0'],
  ['page_size', '501'],
  ['page_size', '1.5'],
  ['page_size', ''],
  ['filter.status', 'done'],
  ['filter.service_tier', 'fast'],
])('%s=%s is 400', async (name, value) => {
  await using api = await openApi();
  const { status, body } = await api.call('GET', `?${name}=${value}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: { code: 'InvalidParameter', param: name, type: 'BadRequest' } });
});

test.each(['page_num', 'page_size', 'filter.status', 'filter.model', 'filter.service_tier'])(
  '%s takes one value only',
  async (name) => {
    await using api = await openApi();
    const { status, body } = await api.call('GET', `?${name}=1&${name}=2`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'InvalidParameter', param: name } });
  },
);

test('the filters', async () => {
  await using api = await openApi();
  const first = await api.create();
  await api.lane.clock.advance(5_000);
  const endpoint = await api.create({ model: 'ep-20260416234150-zsd4v' });
  const cancelled = await api.create();
  await api.call('DELETE', `/${cancelled}`);
  const flex = await api.create({ model: 'seedance-1-5-pro-251215', service_tier: 'flex' });

  expect(await idsOf(api)).toEqual([cancelled, endpoint, first]);
  expect(await idsOf(api, '?filter.status=succeeded')).toEqual([first]);
  expect(await idsOf(api, '?filter.status=cancelled')).toEqual([cancelled]);
  expect(await idsOf(api, '?filter.status=expired')).toEqual([]);
  expect(await idsOf(api, `?filter.task_ids=${first}`)).toEqual([first]);
  expect(await idsOf(api, `?filter.task_ids=${first}&filter.task_ids=${endpoint}&filter.task_ids=cgt-none`)).toEqual([
    endpoint,
    first,
  ]);
  expect(await idsOf(api, '?filter.model=ep-20260416234150-zsd4v')).toEqual([endpoint]);
  expect(await idsOf(api, '?filter.model=doubao-seedance-2-0-260128')).toEqual([cancelled, first]);
  expect(await idsOf(api, '?filter.service_tier=flex')).toEqual([flex]);
});

test('an item is what Get answers; a failed one names its failure twice', async () => {
  await using api = await openApi({ tasks: { outcome: 'failed' } });
  const id = await api.create();
  const waiting = await list(api);
  expect(waiting.items).toEqual([(await api.call('GET', `/${id}`)).body]);

  await api.lane.clock.advance(5_000);
  const { body } = await api.call('GET', `/${id}`);
  const { error } = body as { error: object };
  expect((await list(api)).items).toEqual([{ ...(body as object), failure_reason: error }]);
});
