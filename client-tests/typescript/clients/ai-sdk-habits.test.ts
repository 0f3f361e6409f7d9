import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../../server/index.ts';
import { askClient } from '../../cli/run-client.ts';
import { namedFaults } from '../support/named-faults.ts';

type Fault = NonNullable<ScenarioInput['faults']>[number];

/** Starts a service that is quick enough for a test and has one fault. */
const startWith = (fault: Fault) =>
  startMockServer({
    scenario: {
      tasks: { queued: '50ms', running: '150ms' },
      faults: [fault],
      expect: ['no-duplicate-creates', 'creates-accounted', 'tasks-settled', 'final-answers-respected'],
    },
  });

const makeVideo = (server: MockServer, ...options: readonly string[]) =>
  askClient(
    server,
    process.execPath,
    fileURLToPath(new URL('ai-sdk-client.ts', import.meta.url)),
    '--http2',
    '--own-download',
    ...options,
  );

const tasksOf = (server: MockServer) => server.journal.events('task.created').map(({ task }) => task);
const creates = ({ journal }: MockServer) =>
  journal.events('request.received').filter(({ method }) => method === 'POST').length;

// It honours Retry-After. Without one it would wait 2 s, then 4 s.
const atOnce = { retryAfter: 0 };

describe('what the AI SDK does without being asked', () => {
  test('it tries a create that is answered 429 three times, then throws a RetryError of its own', async () => {
    await using server = await startWith({
      name: 'overloaded',
      on: 'request',
      match: { method: 'POST' },
      inject: [{ status: { error: 'ServerOverloaded', ...atOnce } }],
    });

    const seen = await makeVideo(server, '--retry');

    expect(seen).toMatchObject({ error: 'AI_RetryError', message: expect.stringContaining('after 3 attempts') });
    expect(creates(server)).toBe(3);
    expect(tasksOf(server)).toEqual([]);
  });

  test('it does not try a create again that is answered 400', async () => {
    await using server = await startWith({
      name: 'refused',
      on: 'request',
      match: { method: 'POST' },
      inject: [{ status: { error: 'InvalidParameter' } }],
    });

    expect(await makeVideo(server, '--retry')).toMatchObject({ error: 'AI_APICallError' });
    expect(creates(server)).toBe(1);
  });

  // A retry is of the whole of it, create and polls.
  test('it creates a second task when one poll of the first is answered 500, and leaves the first alone', async () => {
    await using server = await startWith({
      name: 'bad poll',
      on: 'request',
      match: { path: '/api/v3/contents/generations/tasks/*' },
      when: { first: 1 },
      inject: [{ status: { code: 500, ...atOnce } }],
    });

    const seen = await makeVideo(server, '--retry');

    const tasks = tasksOf(server);
    expect(tasks).toHaveLength(2);
    expect(seen).toMatchObject({ task: tasks[1], type: 'video/mp4' });
    const polls = server.journal.events('request.received').filter(({ path }) => path.endsWith(`/${tasks[0]}`));
    expect(polls).toHaveLength(1);
    expect(await namedFaults(server)).toEqual({
      'no-duplicate-creates': ['duplicate'],
      'creates-accounted': ['not followed'],
      // By now it may be over.
      'tasks-settled': [expect.stringMatching(/^(left behind|not seen)$/)],
    });
  });

  test('it takes an empty answer to a create for an error of the API that is not worth a retry', async () => {
    await using server = await startWith({
      name: 'empty',
      on: 'response',
      match: { method: 'POST' },
      inject: [{ status: { code: 200, body: 'empty' } }],
    });

    expect(await makeVideo(server, '--retry')).toEqual({ error: 'AI_APICallError', message: 'Invalid JSON response' });
    expect(tasksOf(server)).toHaveLength(1);
    expect(await namedFaults(server)).toMatchObject({ 'creates-accounted': ['not followed'] });
  });

  // The service says why in `error`, which the SDK leaves out of what it reads of a task.
  test('it throws that a task failed, but not why', async () => {
    await using server = await startWith({ name: 'sensitive', on: 'task', inject: [{ fail: {} }] });

    const seen = await makeVideo(server, '--retry');

    const told = { id: tasksOf(server)[0], model: 'dreamina-seedance-2-0-260128', status: 'failed' };
    expect(seen).toEqual({
      error: 'BYTEDANCE_VIDEO_GENERATION_FAILED',
      message: `Video generation failed: ${JSON.stringify(told)}`,
    });
    expect(creates(server)).toBe(1);
  });

  // It knows `succeeded` and `failed` alone, and would go on for five minutes.
  test('it polls a task that has expired until it gives up by its own clock', async () => {
    await using server = await startWith({ name: 'expired', on: 'task', inject: [{ expire: { after: '0s' } }] });

    expect(await makeVideo(server, '--impatient')).toEqual({
      error: 'BYTEDANCE_VIDEO_GENERATION_TIMEOUT',
      message: 'Video generation timed out after 500ms',
    });
    expect(server.journal.events('task.changed')).toMatchObject([{ to: 'expired' }]);
    expect(await namedFaults(server)).toEqual({ 'final-answers-respected': ['polled after the end'] });
  });
});
