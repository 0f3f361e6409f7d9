import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { namedFaults } from '../typescript/support/named-faults.ts';
import { standardVideo } from '../typescript/support/standard-video.ts';
import { answerCreateWith } from '../typescript/support/statuses.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import { type RunningProgram, startClient } from './run-client.ts';

/** An official SDK that speaks HTTP/2, and the program that uses it. */
export interface OfficialSdk {
  readonly name: string;
  /** Whether its toolchain is on this machine. */
  readonly isHere: boolean;
  /** The program, which prints JSON, one object a line: all there is with no word more, or `create`, or `poll`. */
  command(server: MockServer, ...words: readonly string[]): Promise<readonly string[]>;
  /** What the SDK throws for an answer that is an error. */
  readonly exception: string;
  /** Whether that brings the service's sentence along. */
  readonly tellsMessage: boolean;
  /** How the request ids look that the SDK makes. */
  readonly requestId: RegExp;
  /** How many connections the program has to open: how many clients it makes with pools of their own. */
  readonly connections: number;
  /** What the program meets when the answer to its create has no body. */
  readonly emptyAnswer: 'creates again' | 'fails';
}

interface Failure {
  readonly exception: string;
  readonly status: number;
  readonly code: string;
  readonly message: string | null;
  readonly type: string;
  readonly requestId: string;
}

interface Listed {
  readonly total: number;
  readonly ids: readonly string[];
}

const kinds = ['text', 'frames', 'references'] as const;
const states = ['queued', 'running', 'finished'] as const;

/** What a program tells that does all there is. */
interface Told {
  readonly created: Readonly<Record<(typeof kinds)[number], string>>;
  readonly finished: Readonly<Record<(typeof kinds)[number], unknown>>;
  readonly downloaded: unknown;
  readonly listed: Readonly<Record<'all' | 'byStatus' | 'byIds' | 'byModel' | 'secondPage', Listed>>;
  readonly deleted: Readonly<
    Record<(typeof states)[number], { readonly task: string; readonly refused?: Failure; readonly left: unknown }>
  >;
  readonly errors: Readonly<Record<string, Failure>>;
}

const video = hash('sha256', standardVideo);

const statusOf = (code: number, error?: string) => ({
  name: `answers ${code}`,
  on: 'request' as const,
  match: { path: `${TASKS}/answers-${code}` },
  inject: [{ status: error === undefined ? { code } : { code, error } }],
});

const everything = {
  clock: { speed: 20 },
  // The client's own time does not run 20 times as fast: it is left the 8 s and 30 s that production leaves it.
  service: { idle: { after: '160s' }, heartbeat: { within: '600s' } },
  faults: [
    {
      name: 'queued',
      on: 'task' as const,
      match: { prompt: 'stays queued' },
      inject: [{ stick: { in: 'queued' as const } }],
    },
    {
      name: 'running',
      on: 'task' as const,
      match: { prompt: 'stays running' },
      inject: [{ stick: { in: 'running' as const } }],
    },
    statusOf(403, 'AccountOverdueError'),
    statusOf(429),
    statusOf(500),
  ],
};

/** The errors that are provoked, and how many requests each takes: the SDKs try twice more what may pass. */
const provoked = [
  [400, 'InvalidParameter', 'BadRequest', 1],
  [401, 'AuthenticationError', 'Unauthorized', 1],
  [403, 'AccountOverdueError', 'Forbidden', 1],
  [404, 'ResourceNotFound', 'NotFound', 1],
  [409, 'InvalidAction.RunningTaskDeletion', 'Conflict', 1],
  [429, 'ServerOverloaded', 'TooManyRequests', 3],
  [500, 'InternalServiceError', 'InternalServerError', 3],
] as const;

/** Declares the tests that each official SDK over HTTP/2 has to pass, unmodified and in the default profile. */
export function describeSdk(sdk: OfficialSdk): void {
  describe.runIf(sdk.isHere)(sdk.name, () => {
    describe('from create to delete', () => testEverything(sdk));
    describe('and what it does without being asked', () => testHabits(sdk));
  });
}

function testEverything(sdk: OfficialSdk): void {
  let server: MockServer;
  let told: Told;

  // One run for all the tests below: a JVM takes its time to start.
  beforeAll(async () => {
    server = await startMockServer({ scenario: everything });
    told = Object.assign({}, ...(await hearAll(server, sdk))) as Told;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(kinds)('makes a video from %s, and polls until it is there', (kind) => {
    const id = told.created[kind];
    const model = kind === 'references' ? 'doubao-seedance-2-0-fast-260128' : 'doubao-seedance-2-0-260128';

    expect(told.finished[kind]).toEqual({ id, model, status: 'succeeded', tokens: expect.any(Number) });
    expect(server.journal.events('task.created')).toContainEqual(expect.objectContaining({ task: id, model }));
    expect(server.journal.events('task.changed').filter(({ task }) => task === id)).toMatchObject([
      { from: 'queued', to: 'running' },
      { from: 'running', to: 'succeeded' },
    ]);
    const polls = server.journal.events('response.sent').filter(({ path }) => path === `${TASKS}/${id}`);
    expect(polls.filter(({ method, status }) => method === 'GET' && status === 200).length).toBeGreaterThan(0);
  });

  test('downloads the video from video_url', () => {
    expect(told.downloaded).toEqual({ protocol: 'HTTP/2.0', type: 'video/mp4', sha256: video });
  });

  test('lists the newest first, by status, by ids, by model and by page', () => {
    const { text, frames, references } = told.created;
    const { queued, running } = told.deleted;

    expect(told.listed).toEqual({
      all: { total: 5, ids: [running.task, queued.task, references, frames, text] },
      byStatus: { total: 1, ids: [queued.task] },
      byIds: { total: 2, ids: [frames, text] },
      byModel: { total: 1, ids: [references] },
      secondPage: { total: 5, ids: [references, frames] },
    });
    const asked = server.journal.events('request.received').map(({ path }) => path);
    expect(asked).toContainEqual(
      expect.stringMatching(
        `filter.task_ids=${text}&filter.task_ids=${frames}&filter.task_ids=cgt-20260101000000-other`,
      ),
    );
  });

  test('cancels a queued task, may not delete one that runs, and removes one that is finished', () => {
    const { queued, running, finished } = told.deleted;

    expect(queued).toEqual({ task: queued.task, left: 'cancelled' });
    expect(running).toMatchObject({ refused: { status: 409 }, left: 'running' });
    expect(finished).toMatchObject({ task: told.created.text, left: { status: 404 } });
    expect(finished.refused).toBeUndefined();
    expect(server.journal.events('task.changed')).toContainEqual(
      expect.objectContaining({ task: queued.task, from: 'queued', to: 'cancelled' }),
    );
    expect(server.journal.events('task.deleted')).toMatchObject([{ task: finished.task }]);
  });

  test.each(provoked)('meets a %i as an exception of its own, %s', (status, code, type) => {
    const failure = told.errors[status];

    expect(failure).toEqual({
      exception: sdk.exception,
      status,
      code,
      type,
      message: sdk.tellsMessage ? expect.stringMatching(/request id: 02\d{13}[0-9a-f]{38}\b/i) : null,
      requestId: expect.stringMatching(sdk.requestId),
    });
  });

  test('tries twice more after a 429 or 500, and never after another error', () => {
    const answered = server.journal.events('response.sent');
    for (const [status, , , times] of provoked) {
      const failed = answered.filter((answer) => answer.status === status);
      // These two were met while deleting too.
      const before = status === 404 || status === 409 ? 1 : 0;
      expect([status, failed.length]).toEqual([status, before + times]);
    }
  });

  test('offers h2 and http/1.1, is given h2, and keeps its connections', () => {
    const { journal } = server;
    expect(journal.events('connection.hello').map(({ alpn }) => alpn)).toEqual(
      Array(sdk.connections).fill(['h2', 'http/1.1']),
    );
    expect(journal.events('connection.secured').map(({ protocol }) => protocol)).toEqual(
      Array(sdk.connections).fill('h2'),
    );
    expect(journal.events('rule.applied')).toEqual([]);
    // All that is neither a download nor sent with the bad key went over the first connection.
    const others = journal.events('request.received').filter(({ connection }) => connection > 1);
    expect(others.length).toBe(sdk.connections - 1);
  });
}

function testHabits(sdk: OfficialSdk): void {
  const creates = (server: MockServer) =>
    server.journal.events('request.received').filter(({ method }) => method === 'POST').length;

  test('creates a second task when the answer to the first is a 500, and knows of one alone', async () => {
    await using server = await startMockServer({ scenario: answerCreateWith({ code: 500 }) });

    const told = await hearAll(server, sdk, 'create');

    const tasks = server.journal.events('task.created').map(({ task }) => task);
    expect(tasks).toHaveLength(2);
    expect(told).toEqual([{ task: tasks[1] }]);
    expect(await namedFaults(server)).toEqual({
      'no-duplicate-creates': ['duplicate'],
      'creates-accounted': ['not followed'],
    });
  });

  test(`${sdk.emptyAnswer} when the answer to a create is empty`, async () => {
    await using server = await startMockServer({ scenario: answerCreateWith({ code: 200, body: 'empty' }) });

    const told = await hearAll(server, sdk, 'create');

    const tasks = server.journal.events('task.created').map(({ task }) => task);
    expect(creates(server)).toBe(tasks.length);
    if (sdk.emptyAnswer === 'creates again') {
      expect(tasks).toHaveLength(2);
      expect(told).toEqual([{ task: tasks[1] }]);
    } else {
      expect(tasks).toHaveLength(1);
      expect(told).toEqual([{ error: expect.objectContaining({ exception: 'other' }) }]);
    }
    expect(await namedFaults(server)).toEqual({
      ...(sdk.emptyAnswer === 'creates again' && { 'no-duplicate-creates': ['duplicate'] }),
      'creates-accounted': ['not followed'],
    });
  });

  test('keeps its connection for as long as its polls carry a heartbeat', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: runsForever });
    await using client = await startPolling(server, sdk);

    await client.pollEvery4s(10, `${Date.now()}`);

    expect(server.journal.events('heartbeat')).toHaveLength(10);
    expect(server.journal.events('rule.applied')).toEqual([]);
    expect(server.journal.events('connection.opened')).toHaveLength(1);
  });

  test('is reset after 30 s of polls without a heartbeat, and goes on over a new connection', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario: runsForever });
    await using client = await startPolling(server, sdk);

    await client.pollEvery4s(10, '');

    expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'heartbeat' }]);
    expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'heartbeat' }]);
    expect(server.journal.events('connection.opened')).toHaveLength(2);
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(await namedFaults(server)).toEqual({ 'heartbeat-interval': ['missing'] });
  });
}

const runsForever = {
  expect: ['heartbeat-interval' as const],
  faults: [{ name: 'runs', on: 'task' as const, inject: [{ stick: { in: 'running' as const } }] }],
};

/** Starts a program that has created a task and looks at it when it is told to. */
async function startPolling(server: MockServer, sdk: OfficialSdk) {
  const client: RunningProgram = startClient(server, await sdk.command(server, 'poll'));
  expect(await client.hear()).toMatch(/^\{"task":/);
  return {
    ...client,
    /** @param timestamp what the client says the time is; empty, it does not say */
    async pollEvery4s(times: number, timestamp: string) {
      for (let poll = 0; poll < times; poll++) {
        await server.clock.advance(4_000);
        client.say(timestamp);
        expect(JSON.parse((await client.hear()) ?? 'null')).toEqual({ status: 'running' });
      }
    },
  };
}

/** Runs a program to its end, and reads each line. */
async function hearAll(server: MockServer, sdk: OfficialSdk, ...words: readonly string[]): Promise<readonly object[]> {
  await using client = startClient(server, await sdk.command(server, ...words));
  const { exitCode, stdout, stderr } = await client.ended;
  if (exitCode !== 0) throw new Error(`${sdk.name} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
