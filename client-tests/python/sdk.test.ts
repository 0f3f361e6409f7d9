import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { askClient } from '../cli/run-client.ts';
import { namedFaults } from '../typescript/support/named-faults.ts';
import { answerCreateWith, tourScenario } from '../typescript/support/statuses.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import { findPython, script } from './python.ts';

const python = (await findPython()) ?? '';

interface Caught {
  readonly error: string;
  readonly status: number;
  readonly code: string;
  readonly request_id: string;
}

interface Tour {
  readonly made: Readonly<Record<'t2v' | 'flf2v' | 'r2v', string>>;
  readonly results: Readonly<Record<string, object>>;
  readonly waiting: string;
  readonly busy: string;
  readonly lists: Readonly<Record<string, unknown>>;
  readonly deleted: Readonly<Record<string, unknown>>;
  readonly errors: Readonly<Record<string, Caught>>;
}

/** How often the task `cgt-status-N` was asked for. */
const askedFor = ({ journal }: MockServer, status: number) =>
  journal.events('request.received').filter(({ path }) => path.endsWith(`/cgt-status-${status}`)).length;

/** Volcengine's two, and BytePlus's, which is the first of them under a name of its own. */
const sdks = ['volcenginesdkarkruntime', 'arkruntime', 'byteplussdkarkruntime'];

// All unmodified: only the base URL and SSL_CERT_FILE point at the mock. They speak HTTP/1.1 alone.
describe.runIf(python).each(sdks)('the official SDK %s', (sdk) => {
  test('creates in every mode, waits, downloads, lists, deletes, and knows every error', async () => {
    await using server = await startMockServer({ profile: 'dual-stack', scenario: tourScenario });

    const tour = (await askClient(server, python, script('ark_tour.py'), sdk)) as Tour;

    const { made, results, lists, deleted, errors } = tour;
    const video = ['video/mp4', 'ftyp', expect.any(Number)];
    expect(results).toEqual({
      t2v: { ...done('480p', '9:16', 4), seed: 11, tokens: 40_594, last_frame: false, video },
      flf2v: { ...done('720p', '16:9', 5), seed: expect.any(Number), tokens: 108_900, last_frame: true, video },
      r2v: {
        ...done('720p', '16:9', 5),
        seed: expect.any(Number),
        tokens: expect.any(Number),
        last_frame: false,
        video,
      },
    });
    expect(lists).toEqual({
      pages: [[made.r2v, made.flf2v], [made.t2v], []],
      total: 5,
      by_id: [made.t2v, made.r2v].toSorted(),
      queued: [tour.waiting],
      of_model: 5,
      of_another: 0,
    });
    const asked = server.journal.events('request.received').map(({ path }) => path);
    expect(asked).toContain(`${TASKS}?filter.task_ids=${made.t2v}&filter.task_ids=${made.r2v}`);
    expect(asked).toContain(`${TASKS}?page_num=2&page_size=2&filter.status=succeeded`);
    expect(deleted).toMatchObject({
      queued: 'cancelled',
      running: { error: 'ArkConflictError', status: 409, code: 'InvalidAction.RunningTaskDeletion', type: 'Conflict' },
      finished: [null, { error: 'ArkNotFoundError', status: 404, code: 'ResourceNotFound' }],
    });
    expect(errors).toMatchObject({
      'bad create': { error: 'ArkBadRequestError', status: 400, code: 'InvalidParameter', type: 'BadRequest' },
      'unknown model': { error: 'ArkNotFoundError', status: 404, code: 'InvalidEndpointOrModel.NotFound' },
      400: { error: 'ArkBadRequestError', status: 400, code: 'InvalidParameter' },
      401: { error: 'ArkAuthenticationError', status: 401, code: 'AuthenticationError' },
      403: { error: 'ArkPermissionDeniedError', status: 403, code: 'AccountOverdueError' },
      404: { error: 'ArkNotFoundError', status: 404, code: 'ResourceNotFound' },
      409: { error: 'ArkConflictError', status: 409, code: 'InvalidAction.RunningTaskDeletion' },
      429: { error: 'ArkRateLimitError', status: 429, code: 'ServerOverloaded' },
      500: { error: 'ArkInternalServerError', status: 500, code: 'InternalServiceError' },
      // A gateway's plain text has no code.
      502: { error: 'ArkInternalServerError', status: 502, code: null },
      503: { error: 'ArkInternalServerError', status: 503, code: null },
    });
    // The request id that the SDK reports is its own, which the service gives back: 14 digits of time, then 20 more.
    for (const { request_id } of Object.values(errors)) expect(request_id).toMatch(/^\d{14}\w{20}$/);

    // Once without retries; then as it comes, which is two retries.
    expect(errors['with retries']).toMatchObject({ error: 'ArkRateLimitError', status: 429 });
    expect(askedFor(server, 429)).toBe(1 + 3);
    expect(askedFor(server, 500)).toBe(1);
    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test('creates a second task when the answer to the first is a 500, and knows of one alone', async () => {
    await using server = await startMockServer({ profile: 'dual-stack', scenario: answerCreateWith({ code: 500 }) });

    const told = await askClient(server, python, script('ark_create.py'), sdk);

    const [, second, ...more] = server.journal.events('task.created').map(({ task }) => task);
    expect(told).toEqual({ task: second });
    expect(more).toEqual([]);
    // Each try has a request id of its own and no key: nothing tells the service that the two are one create.
    const tries = server.journal.events('request.received');
    expect(new Set(tries.map(({ clientRequestId }) => clientRequestId)).size).toBe(2);
    expect(tries.filter(({ idempotencyKey }) => idempotencyKey !== undefined)).toEqual([]);
    expect(await namedFaults(server)).toEqual({
      'no-duplicate-creates': ['duplicate'],
      'creates-accounted': ['not followed'],
    });
  });

  test('throws what is no exception of its own when the answer to a create is empty', async () => {
    await using server = await startMockServer({
      profile: 'dual-stack',
      scenario: answerCreateWith({ code: 200, body: 'empty' }),
    });

    const told = await askClient(server, python, script('ark_create.py'), sdk);

    expect(told).toEqual({ error: 'JSONDecodeError', own: false });
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(await namedFaults(server)).toEqual({ 'creates-accounted': ['not followed'] });
  });

  test('takes a page for the answer to a create, and returns it as a string that has no id', async () => {
    await using server = await startMockServer({
      profile: 'dual-stack',
      scenario: answerCreateWith({ code: 200, body: 'html' }),
    });

    const told = await askClient(server, python, script('ark_create.py'), sdk);

    expect(told).toEqual({ returned: 'str' });
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(await namedFaults(server)).toEqual({ 'creates-accounted': ['not followed'] });
  });

  test('keeps the path of its base URL, and minds no slash at the end', async () => {
    await using server = await startMockServer({ profile: 'dual-stack' });

    await askClient(server, python, script('ark_create.py'), sdk, '/behind/a/proxy/');

    expect(server.journal.events('request.received')).toMatchObject([
      { method: 'POST', path: '/behind/a/proxy/contents/generations/tasks' },
    ]);
    expect(server.journal.events('task.created')).toHaveLength(1);
  });
});

const done = (resolution: string, ratio: string, duration: number) => ({
  status: 'succeeded',
  resolution,
  ratio,
  duration,
});
