import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../../server/index.ts';
import { askClient } from '../../cli/run-client.ts';
import { standardVideo } from '../support/standard-video.ts';
import { TASKS } from '../support/tasks.ts';

const video = hash('sha256', standardVideo);
/** A service that is quick enough for a test; everything else is as in production. */
const quick = { tasks: { queued: '100ms', running: '300ms' } };

/** A process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts. */
const makeVideo = (server: MockServer) =>
  askClient(server, process.execPath, fileURLToPath(new URL('fetch-client.ts', import.meta.url)));

test("Node's fetch makes a video in profile dual-stack, over HTTP/1.1", async () => {
  await using server = await startMockServer({ profile: 'dual-stack', scenario: quick });

  const seen = await makeVideo(server);

  const task = server.journal.events('task.created')[0]?.task;
  expect(seen).toEqual({ task, status: 'succeeded', type: 'video/mp4', box: 'ftyp', sha256: video });
  const hellos = server.journal.events('connection.hello');
  expect(hellos.map(({ alpn }) => alpn)).toEqual(hellos.map(() => ['http/1.1']));
  // One connection has all the calls; the download follows so soon that fetch may open another.
  const calls = server.journal.events('request.received').filter(({ path }) => path.startsWith(TASKS));
  expect(calls.map(({ connection }) => connection)).toEqual(calls.map(() => 1));
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test("Node's fetch is reset in the default profile, and the journal says how to let it in (rule A2)", async () => {
  await using server = await startMockServer({ scenario: quick });

  expect(await makeVideo(server)).toEqual({ message: 'fetch failed', code: 'ECONNRESET', syscall: 'read' });

  expect(server.journal.events('rule.applied')).toMatchObject([
    {
      rule: 'alpn',
      line: 'http2: server: client offered ["http/1.1"]; h2 required -> reset',
      did: expect.stringContaining('--profile dual-stack'),
    },
  ]);
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'alpn' }]);
  expect(server.journal.events('task.created')).toEqual([]);
});
