import { expect, test } from 'vitest';
import { openClient, type Reply } from '../../client-tests/typescript/support/client.ts';
import { TASKS, textOnly } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../index.ts';

/** All of an answer but the id, which each has for itself, and the second in which it was given. */
const contentOf = ({ status, headers, text }: Reply) => ({
  status,
  text,
  headers: { ...headers, 'x-request-id': '', date: typeof headers.date },
});

test('a plain poll gets the same answer as one that goes through all the hooks', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);

  for (const step of ['queued', 'running', 'succeeded']) {
    const short = await client.get(`${TASKS}/${id}`);
    // A query is out of the ordinary, and means nothing to the service.
    const long = await client.get(`${TASKS}/${id}?`);

    expect(JSON.parse(short.text).status).toBe(step);
    expect(contentOf(short)).toEqual(contentOf(long));
    expect(short.headers['x-request-id']).not.toBe(long.headers['x-request-id']);
    await server.clock.advance(4_000);
  }
  const [shortly, , fully] = server.journal.events('request.received').slice(1);
  expect(shortly).toMatchObject({ method: 'GET', path: `${TASKS}/${id}`, client: fully?.client, stream: 3 });
});

test.each([
  ['without a key', { authorization: '' }, 401],
  ['for an unknown task', {}, 404],
] as const)('a poll %s goes the long way, and is refused there', async (_name, headers, status) => {
  await using server = await startMockServer();
  await using client = await openClient(server);

  expect((await client.get(`${TASKS}/cgt-20260101000000-aaaaa`, headers)).status).toBe(status);
});

test('a poll that carries a heartbeat, an origin or an id of its own is not passed over', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);

  const answer = await client.get(`${TASKS}/${id}`, {
    origin: 'https://example.com',
    'x-client-request-id': 'mine',
    'x-client-timestamp': String(server.clock.wallNow()),
  });

  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': 'https://example.com',
    'x-client-request-id': 'mine',
  });
  expect(server.journal.events('heartbeat')).toMatchObject([{ source: 'header' }]);
});

test('a fault armed on requests or responses strikes a plain poll', async () => {
  await using server = await startMockServer({
    scenario: {
      faults: [{ name: 'busy', on: 'response', match: { method: 'GET' }, inject: [{ status: { code: 429 } }] }],
    },
  });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);

  expect((await client.get(`${TASKS}/${id}`)).status).toBe(429);
});

test('the journal holds a poll before what it is shown of an older state', async () => {
  const inject = [{ regress: { from: 'succeeded', times: 2 } }] as const;
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { tasks: { queued: '1s', running: '1s' }, faults: [{ name: 'back', on: 'task', inject }] },
  });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  for (const _step of ['running', 'succeeded']) await server.clock.advance(1_000);

  const shown: string[] = [];
  for (let poll = 0; poll < 4; poll++) shown.push(JSON.parse((await client.get(`${TASKS}/${id}`)).text).status);

  expect(shown).toEqual(['succeeded', 'running', 'running', 'succeeded']);
  const [, first, second] = server.journal.events('request.received').slice(1);
  const regressed = server.journal.events('task.regressed').map(({ seq }) => seq);
  expect(regressed).toEqual([first, second].map((received) => (received?.seq ?? 0) + 1));
});
