import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { askClient, runClient } from '../cli/run-client.ts';
import { standardVideo } from '../typescript/support/standard-video.ts';
import { buildGoClients, program } from './go.ts';

const hasGo = await buildGoClients();
const video = hash('sha256', standardVideo);
/** A service that is quick enough for a test; everything else is as in production. */
const quick = { tasks: { queued: '100ms', running: '300ms' } };

describe.runIf(hasGo)('Go clients', () => {
  // Unmodified: only the base URL and SSL_CERT_FILE point at the mock.
  test('the official SDK makes a video over HTTP/2, from create to delete, in the default profile', async () => {
    await using server = await startMockServer({ scenario: quick });

    const answer = await askClient(server, program('sdk'));

    const task = server.journal.events('task.created')[0]?.task;
    expect(answer).toEqual({
      task,
      status: 'succeeded',
      tokens: expect.any(Number),
      listed: [1, 1],
      download: 'HTTP/2.0',
      type: 'video/mp4',
      sha256: video,
      gone: { status: 404, code: 'ResourceNotFound' },
    });
    expect(server.journal.events('task.deleted')).toMatchObject([{ task }]);
    expect(server.journal.events('connection.hello')[0]).toMatchObject({ alpn: ['h2', 'http/1.1'] });
    // One connection of the SDK, and one of the download.
    expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'h2' }, { protocol: 'h2' }]);
    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test('net/http speaks HTTP/2 as it comes, and keeps its connection', async () => {
    await using server = await startMockServer();

    expect(await askClient(server, program('nethttp'))).toEqual([
      { proto: 'HTTP/2.0', status: 200, reused: false },
      { proto: 'HTTP/2.0', status: 200, reused: true },
    ]);

    expect(server.journal.events('connection.opened')).toHaveLength(1);
  });

  test('net/http that was told to leave HTTP/2 alone is reset in the default profile (rule A2)', async () => {
    await using server = await startMockServer();

    const { exitCode, stderr } = await runClient(server, program('nethttp'), '-http1');

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('connection reset by peer')]);
    expect(server.journal.events('rule.applied')).toMatchObject([
      { rule: 'alpn', did: expect.stringContaining('--profile dual-stack') },
    ]);
  });

  test('net/http that was told to leave HTTP/2 alone is served in profile dual-stack', async () => {
    await using server = await startMockServer({ profile: 'dual-stack' });

    expect(await askClient(server, program('nethttp'), '-http1')).toEqual([
      { proto: 'HTTP/1.1', status: 200, reused: false },
      { proto: 'HTTP/1.1', status: 200, reused: true },
    ]);
  });
});
