import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { askClient } from '../cli/run-client.ts';
import { tourScenario } from '../typescript/support/statuses.ts';
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

// Both SDKs unmodified: only the base URL and SSL_CERT_FILE point at the mock. They speak HTTP/1.1 alone.
describe.runIf(python).each(['volcenginesdkarkruntime', 'arkruntime'])('the official SDK %s', (sdk) => {
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
});

const done = (resolution: string, ratio: string, duration: number) => ({
  status: 'succeeded',
  resolution,
  ratio,
  duration,
});
