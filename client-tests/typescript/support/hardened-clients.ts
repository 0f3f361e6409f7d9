import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../../server/index.ts';
import { TASKS } from './tasks.ts';

type Faults = NonNullable<ScenarioInput['faults']>;
type Injected = Extract<Faults[number], { on: 'request' }>['inject'];
type When = NonNullable<Faults[number]['when']>;

/** A fault on creates. */
export const onCreates = (name: string, when: When, inject: Injected): Faults => [
  { name, on: 'request', match: { method: 'POST', path: TASKS }, when, inject },
];
/** A fault on polls. */
export const onPolls = (name: string, when: When, inject: Injected): Faults => [
  { name, on: 'request', match: { method: 'GET', path: `${TASKS}/:id` }, when, inject },
];

export const lostCreates = onCreates('lost', { every: 2 }, [{ end: { at: 'after-commit', how: 'reset' } }]);

/** What a hardened client meets, one call after the other or several at a time. Seconds stand for the minutes of the service. */
const troubles: Readonly<Record<string, ScenarioInput>> = {
  'the answer to every other create is lost': { faults: lostCreates, expect: ['backoff'] },
  'the answer to every other create is empty': {
    faults: [
      {
        name: 'empty',
        on: 'response',
        match: { method: 'POST', path: TASKS },
        when: { every: 2 },
        inject: [{ status: { code: 200, body: 'empty' } }],
      },
    ],
  },
  'the first three connections are reset': {
    faults: [{ name: 'storm', on: 'accept', when: { first: 3 }, inject: ['reset'] }],
    expect: ['backoff'],
  },
  'polls are reset': {
    faults: onPolls('cut', { every: 5 }, [{ end: { at: { bodyBytes: 40 }, how: 'reset' } }]),
  },
  'connections are drained': {
    faults: onPolls('drain', { every: 5 }, [{ goaway: { code: 'NO_ERROR', graceful: true } }]),
    expect: ['goaway-respected'],
  },
  'creates are refused with Retry-After': {
    // Calls that are sent at the same time have all arrived by then: none crosses the refusal of another.
    faults: onCreates('overloaded', { first: 2 }, [
      { delay: { ms: 300 } },
      { status: { code: 429, error: 'ServerOverloaded', retryAfter: 1 } },
    ]),
    expect: ['retry-after-respected'],
  },
};

/** The checks that failed, with what was seen. */
export async function complaintsOf(server: MockServer): Promise<readonly string[]> {
  const { report } = await server.verdict();
  return report.checks.flatMap(({ check, outcome, clients }) =>
    outcome === 'fail' ? [`${check}: ${clients.map(({ seen }) => seen).join('; ')}`] : [],
  );
}

/** A hardened client of any language: makes videos, so many at a time, and returns how their tasks ended. */
export type MakeVideos = (
  server: MockServer,
  many: { readonly videos: number; readonly atATime: number },
) => Promise<readonly string[]>;

const start = ({ expect: more = [], ...scenario }: ScenarioInput) =>
  startMockServer({
    scenario: {
      seed: 7,
      tasks: { queued: '100ms', running: '900ms' },
      ...scenario,
      expect: [...more, 'no-duplicate-creates', 'tasks-settled', { 'recovers-within': { within: '60s' } }],
    },
  });

/** An HTTP library may lose a call on a connection that is reset: the client's own limit on an attempt finds that. */
const ATTEMPT_LOST_MS = 120_000;

const succeeded = (videos: number) => Array(videos).fill('succeeded');

/** Tests a hardened client under each trouble, and six processes of it on one API key. */
export function testHardened(makeVideos: MakeVideos): void {
  describe.each(Object.entries(troubles))('%s', (_trouble, scenario) => {
    test.each([
      ['one video after another', { videos: 3, atATime: 1 }],
      ['four videos at a time', { videos: 4, atATime: 4 }],
    ])('%s', { timeout: ATTEMPT_LOST_MS }, async (_how, many) => {
      await using server = await start(scenario);

      expect(await makeVideos(server, many)).toEqual(succeeded(many.videos));

      expect(server.journal.events('task.created')).toHaveLength(many.videos);
      expect(await complaintsOf(server)).toEqual([]);
    });
  });

  test('four polls that are cut at once come back once, on one connection', async () => {
    // All four are under way when the last of them brings the connection down.
    const faults = [
      ...onPolls('slow', { first: 3 }, [{ delay: { ms: '10s' } }]),
      ...onPolls('cut', { nth: 4 }, [{ end: { at: 'headers', how: 'reset' } }]),
    ];
    await using server = await start({ faults, expect: ['backoff'] });

    expect(await makeVideos(server, { videos: 4, atATime: 4 })).toEqual(succeeded(4));

    const [cut] = server.journal.events('connection.ended');
    expect([cut?.by, cut?.requests.length]).toEqual(['fault', 4]);
    // A spare connection that is not used is no haste.
    const after = server.journal.events('request.received').filter(({ seq }) => seq > (cut?.seq ?? 0));
    expect(new Set(after.map(({ connection }) => connection)).size).toBe(1);
    expect(await complaintsOf(server)).toEqual([]);
  });

  test('six processes on one API key: no create is lost, doubled or taken by another', {
    timeout: 90_000,
  }, async () => {
    await using server = await start({ faults: lostCreates });
    const copies = Array.from({ length: 6 }, () => makeVideos(server, { videos: 3, atATime: 3 }));

    expect(await Promise.all(copies)).toEqual(Array(6).fill(succeeded(3)));

    expect(server.journal.events('task.created')).toHaveLength(18);
    // All of them have the same name, so their waits cannot be separated: these two judge tasks.
    const { report } = await server.verdict();
    const outcomes = Object.fromEntries(report.checks.map(({ check, outcome }) => [check, outcome]));
    expect(outcomes).toMatchObject({ 'no-duplicate-creates': 'pass', 'tasks-settled': 'pass' });
  });
}
