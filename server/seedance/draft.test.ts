import { expect, test } from 'vitest';
import { openApi, type TestApi, textOnly } from './testing.ts';

const NEXT = 'doubao-seedance-2-5-260628';
const from = (id: string) => ({ model: NEXT, content: [{ type: 'draft_task', draft_task: { id } }] });

test('a draft is 480p, and a task made from it says so', async () => {
  await using api = await openApi();
  const draft = await api.create({ model: NEXT, draft: true });
  await api.lane.clock.advance(5_000);
  expect((await api.call('GET', `/${draft}`)).body).toMatchObject({ draft: true, resolution: '480p' });
  const final = await api.create(from(draft));
  expect((await api.call('GET', `/${final}`)).body).toMatchObject({ draft: false, draft_task_id: draft });
});

test.each([
  ['is not found', async () => 'cgt-00000000000000-xxxxx'],
  ['is not a draft', async (create: TestApi['create']) => create({ model: NEXT })],
  ['has not succeeded', async (create: TestApi['create']) => create({ model: NEXT, draft: true })],
])('a task made from one that %s is refused', async (sentence, make) => {
  await using api = await openApi();
  const id = await make(api.create);
  const { status, body } = await api.call('POST', '', { payload: { ...textOnly, ...from(id) } });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    error: {
      code: 'InvalidParameter',
      param: 'content.draft_task.id',
      message: expect.stringContaining(`the specified draft task ${id} ${sentence}`),
    },
  });
});

test('the use of a tool is told with the tokens', async () => {
  await using api = await openApi();
  const id = await api.create({ tools: [{ type: 'web_search' }] });
  await api.lane.clock.advance(5_000);
  expect((await api.call('GET', `/${id}`)).body).toMatchObject({
    tools: [{ type: 'web_search' }],
    usage: { completion_tokens: 108_900, tool_usage: { web_search: 1 } },
  });
});
