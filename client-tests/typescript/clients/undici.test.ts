import { Agent, fetch, request } from 'undici';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../../server/index.ts';
import { standardVideo } from '../support/standard-video.ts';
import { TASKS, textOnly } from '../support/tasks.ts';

const key = { authorization: 'Bearer ark-client-tests' };
const video = standardVideo;

/** An undici agent that trusts the server. */
const openAgent = (server: MockServer, { allowH2 }: { allowH2: boolean }) => {
  const agent = new Agent({ allowH2, connect: { ca: server.ca } });
  return Object.assign(agent, { [Symbol.asyncDispose]: () => agent.destroy() });
};

test('undici makes a video over one HTTP/2 connection and downloads it over another, in the default profile', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using dispatcher = openAgent(server, { allowH2: true });
  const ask = async (path: string, body?: unknown) => {
    const answer = await request(`${server.url}${path}`, {
      dispatcher,
      headers: key,
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    return (await answer.body.json()) as { id: string; status: string; content?: { video_url: string } };
  };

  const { id } = await ask(TASKS, textOnly);
  expect((await ask(`${TASKS}/${id}`)).status).toBe('queued');
  await server.clock.advance(5_000);
  const { status, content } = await ask(`${TASKS}/${id}`);
  const download = await request(content?.video_url ?? '', { dispatcher });

  expect(status).toBe('succeeded');
  expect(download.headers).toMatchObject({ 'content-type': 'video/mp4', 'content-length': `${video.length}` });
  const bytes = Buffer.from(await download.body.arrayBuffer());
  expect(bytes.toString('latin1', 4, 8)).toBe('ftyp');
  expect(bytes.equals(video)).toBe(true);
  // It likes HTTP/1.1 better; the server's own list decides.
  const alpn = ['http/1.1', 'h2'];
  expect(server.journal.events('connection.hello')).toMatchObject([{ alpn }, { alpn }]);
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }, { protocol: 'h2' }]);
  const sent = server.journal.events('response.sent');
  expect(sent.map(({ connection, status }) => [connection, status])).toEqual([
    [1, 200],
    [1, 200],
    [1, 200],
    [2, 200],
  ]);
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test("undici's fetch asks many things at once over one HTTP/2 connection", async () => {
  await using server = await startMockServer();
  await using dispatcher = openAgent(server, { allowH2: true });
  const list = async () => (await fetch(`${server.url}${TASKS}`, { dispatcher, headers: key })).json();

  const answers = await Promise.all(Array.from({ length: 10 }, list));

  expect(answers).toEqual(Array(10).fill({ total: 0, items: [] }));
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }]);
  expect(server.journal.events('request.received').map(({ stream }) => stream)).toEqual([
    1, 3, 5, 7, 9, 11, 13, 15, 17, 19,
  ]);
});

test('undici that was told to leave HTTP/2 alone is reset in the default profile (rule A2)', async () => {
  await using server = await startMockServer();
  await using dispatcher = openAgent(server, { allowH2: false });

  const asked = request(`${server.url}${TASKS}`, { dispatcher, headers: key });

  await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'alpn', did: expect.stringContaining('--profile dual-stack') },
  ]);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'alpn' }]);
});

test.each([
  [true, 'h2'],
  [false, 'http/1.1'],
])('undici with allowH2: %j speaks %s in profile dual-stack', async (allowH2, protocol) => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using dispatcher = openAgent(server, { allowH2 });

  const { statusCode, body } = await request(`${server.url}${TASKS}`, { dispatcher, headers: key });

  expect([statusCode, await body.json()]).toEqual([200, { total: 0, items: [] }]);
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol }]);
});
