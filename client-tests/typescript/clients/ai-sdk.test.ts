import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../../server/index.ts';
import { askClient } from '../../cli/run-client.ts';
import { standardVideo } from '../support/standard-video.ts';

const video = hash('sha256', standardVideo);
/** A service that is quick enough for a test; everything else is as in production. */
const quick = { tasks: { queued: '100ms', running: '300ms' } };

/** A process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts. The SDK itself is as it was installed. */
const makeVideo = (server: MockServer, ...options: readonly string[]) =>
  askClient(server, process.execPath, fileURLToPath(new URL('ai-sdk-client.ts', import.meta.url)), ...options);

const protocolsOf = (server: MockServer) => [
  ...new Set(server.journal.events('connection.secured').map(({ protocol }) => protocol)),
];

/** What it is told that made the server's only task. */
const madeVideo = (server: MockServer) => ({
  task: server.journal.events('task.created')[0]?.task,
  usage: { completion_tokens: expect.any(Number) },
  type: 'video/mp4',
  box: 'ftyp',
  sha256: video,
});

test.each([
  ["with Node's own fetch, in profile dual-stack", 'dual-stack', [], 'http/1.1'],
  ['with the fetch of undici, in the default profile', 'seedance', ['--http2'], 'h2'],
] as const)('the AI SDK makes a video %s', async (_how, profile, options, protocol) => {
  await using server = await startMockServer({ profile, scenario: quick });

  const seen = await makeVideo(server, '--own-download', ...options);

  expect(seen).toEqual(madeVideo(server));
  expect(server.journal.events('task.created')).toMatchObject([{ model: 'dreamina-seedance-2-0-260128' }]);
  expect(protocolsOf(server)).toEqual([protocol]);
  expect(server.journal.events('rule.applied')).toEqual([]);
});

/** What its creates from the fourth on are answered with. */
const refusals = [
  ['InvalidParameter', 400, false],
  ['AuthenticationError', 401, false],
  ['AccountOverdueError', 403, false],
  ['ModelNotOpen', 404, false],
  ['InvalidAction.RunningTaskDeletion', 409, true],
  ['ServerOverloaded', 429, true],
  ['InternalServiceError', 500, true],
] as const;
const gateway = [502, 503] as const;

test.each([
  ["Node's own fetch", 'dual-stack', []],
  ['the fetch of undici, over HTTP/2', 'seedance', ['--http2']],
] as const)('the AI SDK with %s makes a video in every mode, and knows every error', async (_how, profile, options) => {
  const on = { on: 'request', match: { method: 'POST' } } as const;
  await using server = await startMockServer({
    profile,
    scenario: {
      tasks: { queued: '50ms', running: '150ms' },
      faults: [
        ...refusals.map(([error], index) => ({
          ...on,
          name: error,
          when: { nth: 4 + index },
          inject: [{ status: { error } }],
        })),
        ...gateway.map((code, index) => ({
          ...on,
          name: `${code}`,
          when: { nth: 4 + refusals.length + index },
          inject: [{ status: { code, body: 'html' as const } }],
        })),
      ],
    },
  });

  const tour = fileURLToPath(new URL('ai-sdk-tour.ts', import.meta.url));
  const seen = await askClient(server, process.execPath, tour, ...options);

  const video = ['video/mp4', 'ftyp'];
  const wrapped = { name: 'AI_APICallError', message: expect.any(String) };
  expect(seen).toEqual({
    made: { t2v: video, flf2v: video, r2v: video },
    errors: [
      ...refusals.map(([, statusCode, isRetryable]) => ({
        name: 'AI_APICallError',
        message: expect.stringMatching(/[Rr]equest id: 02/),
        statusCode,
        isRetryable,
      })),
      ...gateway.map((statusCode) => ({ ...wrapped, statusCode, isRetryable: true })),
    ],
  });
  const modes = server.tasks.all().map(({ settings: { mode, generateAudio } }) => [mode, generateAudio]);
  expect(modes.toReversed()).toEqual([
    ['t2v', true],
    ['flf2v', false],
    ['r2v', true],
  ]);
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('the AI SDK does not download from this machine by itself: it wants a `download`', async () => {
  await using server = await startMockServer({ scenario: quick });

  const seen = await makeVideo(server, '--http2');

  expect(seen).toEqual({ error: 'AI_DownloadError', message: 'URL with hostname localhost is not allowed' });
  expect(server.journal.events('task.changed').at(-1)).toMatchObject({ to: 'succeeded' });
});

test('the AI SDK is reset in the default profile, and the journal says how to let it in (rule A2)', async () => {
  await using server = await startMockServer({ scenario: quick });

  const seen = await makeVideo(server);

  expect(seen).toEqual({ error: 'AI_APICallError', message: expect.stringContaining('ECONNRESET') });
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'alpn', did: expect.stringContaining('--profile dual-stack') },
  ]);
});
