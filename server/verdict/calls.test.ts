import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Call, isTransportRetry } from './calls.ts';
import { defineCheck, inconclusive } from './check.ts';
import { ClientTime } from './client-time.ts';
import { Connection, Request } from './facts.ts';
import { judge } from './judge.ts';
import { answers, asks, creates, merge, opens, resets, type Step, tell } from './testing.ts';

const post = { method: 'POST', path: '/tasks' };
const body = (at: number, connection: number, request: number, digest: string): Step => [
  at,
  { type: 'request.body', connection, request, bytes: 10, digest },
];
const ok = { ...post, status: 200 };

/** The calls of the only client: how many attempts each has, and how they are known to belong together. */
function callsOf(...steps: readonly Step[]) {
  const readings: Set<Call>[] = [];
  const listening = defineCheck({
    ...{ name: 'calls', summary: '', definition: '', params: z.strictObject({}), expects: () => '' },
    client: {
      watch(_tally, _params, { calls }) {
        const found = new Set<Call>();
        readings.push(found);
        return { request: (request) => void found.add(calls.of(request)) };
      },
      judge: () => inconclusive('all'),
    },
  });
  const expect = [listening.bind({})];
  const report = judge(tell([...opens(0, 1), ...opens(0, 2), ...steps]), { scenario: 'story', seed: 1, expect }).report;
  if (report.clients.length !== 1) throw new Error(`there are ${report.clients.length} clients`);
  return [...(readings[0] ?? [])].map(({ method, attempts, bond }) => [method, attempts, bond]);
}

test('a poll after a poll is a new call', () =>
  expect(callsOf(asks(1, 1, 1), answers(2, 1, 1), asks(3, 1, 2), answers(4, 1, 2))).toEqual([
    ['GET', 1, undefined],
    ['GET', 1, undefined],
  ]));

test('a poll after one that was cut is the same call', () =>
  expect(callsOf(asks(1, 1, 1), resets(2, 1, 1), asks(3, 2, 1))).toEqual([['GET', 2, 'repetition']]));

test('so it is after a 503, but not after a 404', () => {
  expect(callsOf(asks(1, 1, 1), answers(2, 1, 1, { status: 503 }), asks(3, 1, 2))).toEqual([['GET', 2, 'repetition']]);
  expect(callsOf(asks(1, 1, 1), answers(2, 1, 1, { status: 404 }), asks(3, 1, 2))).toHaveLength(2);
});

test('two equal creates that succeeded are two calls; with one idempotency key they are one', () => {
  const creates = (more: object) => [
    ...[asks(1, 1, 1, { ...post, ...more }), body(1, 1, 1, 'a'), answers(2, 1, 1, ok)],
    ...[asks(3, 1, 2, { ...post, ...more }), body(3, 1, 2, 'a'), answers(4, 1, 2, ok)],
  ];
  expect(callsOf(...creates({}))).toHaveLength(2);
  expect(callsOf(...creates({ idempotencyKey: 'k' }))).toEqual([['POST', 2, 'idempotency key']]);
  expect(callsOf(...creates({ clientRequestId: 'r' }))).toEqual([['POST', 2, 'client request id']]);
});

test('SDKs give each attempt an id of its own: a create that was cut and comes again is the same call', () =>
  expect(
    callsOf(
      ...[asks(1, 1, 1, { ...post, clientRequestId: 'one' }), body(1, 1, 1, 'a'), resets(2, 1, 1)],
      ...[asks(3, 2, 1, { ...post, clientRequestId: 'two' }), body(3, 2, 1, 'a')],
    ),
  ).toEqual([['POST', 2, 'repetition']]));

test('another body is another call', () =>
  expect(
    callsOf(
      ...[asks(1, 1, 1, post), body(1, 1, 1, 'a'), resets(2, 1, 1)],
      ...[asks(3, 2, 1, post), body(3, 2, 1, 'b')],
    ),
  ).toHaveLength(2));

test('one that was refused before its body was read does not join two others', () =>
  expect(
    callsOf(
      ...[asks(1, 1, 1, post), body(1, 1, 1, 'a'), resets(2, 1, 1)],
      ...[asks(3, 2, 1, post), answers(3, 2, 1, { status: 429 })],
      ...[asks(4, 2, 2, post), body(4, 2, 2, 'b'), answers(5, 2, 2)],
    ),
  ).toHaveLength(2));

test('a trace may hold many calls', () => {
  const trace = { asyncTraceId: 't' };
  expect(callsOf(asks(1, 1, 1, trace), answers(2, 1, 1), asks(3, 1, 2, trace), answers(4, 1, 2))).toHaveLength(2);
  expect(callsOf(asks(1, 1, 1, trace), resets(2, 1, 1), asks(3, 2, 1, trace))).toEqual([['GET', 2, 'trace id']]);
});

test('a trace may hold a whole job: another body in it is another call', () => {
  const job = { ...post, asyncTraceId: 't' };
  const first = [asks(1, 1, 1, job), body(1, 1, 1, 'a'), resets(2, 1, 1)];
  expect(callsOf(...first, asks(3, 2, 1, job), body(3, 2, 1, 'b'))).toHaveLength(2);
  expect(callsOf(...first, asks(3, 2, 1, job), body(3, 2, 1, 'a'))).toEqual([['POST', 2, 'trace id']]);
});

test('what was sent before the other had failed does not repeat it', () =>
  expect(
    callsOf(
      ...[asks(1, 1, 1, post), body(1, 1, 1, 'a'), asks(2, 2, 1, post), body(2, 2, 1, 'a')],
      ...[resets(3, 1, 1), answers(4, 2, 1, ok)],
    ),
  ).toHaveLength(2));

test('a create that comes again with its key is the same one for 20 minutes, and then forgotten', () => {
  const keyed = (at: number, request: number) => [
    asks(at, 1, request, { ...post, idempotencyKey: 'k' }),
    body(at, 1, request, 'a'),
    answers(at, 1, request, ok),
  ];
  const other = [asks(1_205_000, 2, 1), answers(1_205_000, 2, 1)];
  expect(callsOf(...keyed(1, 1), ...keyed(1_190_000, 2))).toEqual([['POST', 2, 'idempotency key']]);
  expect(callsOf(...keyed(1, 1), ...other, ...keyed(1_206_000, 2))).toHaveLength(3);
});

test('a create is over once its client has asked for its task, and the same again is another one', () => {
  const lost = [
    asks(1, 1, 1, post),
    body(1, 1, 1, 'a'),
    creates(2, 'cgt-1', { connection: 1, request: 1 }),
    resets(2, 1, 1),
  ];
  const again = [asks(9, 2, 2, post), body(9, 2, 2, 'a')];
  const poll = [asks(3, 2, 1, { path: '/api/v3/contents/generations/tasks/cgt-1' }), answers(4, 2, 1)];
  expect(callsOf(...lost, ...again)).toEqual([['POST', 2, 'repetition']]);
  expect(callsOf(...lost, ...poll, ...again)).toHaveLength(3);
});

test('a create that was cut before its body was read, and comes with another key, is another one', () => {
  const cut = (idempotencyKey: string) => [asks(1, 1, 1, { ...post, idempotencyKey }), resets(2, 1, 1)];
  const next = (idempotencyKey: string) => [asks(3, 2, 1, { ...post, idempotencyKey }), body(3, 2, 1, 'a')];
  expect(callsOf(...cut('one'), ...next('two'))).toHaveLength(2);
  expect(callsOf(...cut('one'), ...next('one'))).toHaveLength(1);
});

test('another page of a List is another call', () => {
  const list = (page: number) => ({ path: `/tasks?page_num=${page}` });
  const failed = [asks(1, 1, 1, list(1)), answers(2, 1, 1, { status: 503 })];
  expect(callsOf(...failed, asks(3, 1, 2, list(2)))).toHaveLength(2);
  expect(callsOf(...failed, asks(3, 1, 2, list(1)))).toEqual([['GET', 2, 'repetition']]);
});

test('an answer that a fault altered may be asked for again, and need not', () => {
  const altered = [asks(1, 1, 1), answers(2, 1, 1, { altered: true })];
  expect(callsOf(...altered, asks(3, 1, 2), answers(4, 1, 2))).toEqual([['GET', 2, 'repetition']]);
  const tampered: Step = [
    2,
    {
      ...{ type: 'frame.tampered', connection: 1, stream: 1, cause: 'f', frame: 'DATA', did: 'flip' },
      direction: 'to-client',
    } as const,
  ];
  const spoilt = [asks(1, 1, 1, { stream: 1 }), tampered, answers(2, 1, 1)];
  expect(callsOf(...spoilt, asks(3, 1, 2), answers(4, 1, 2))).toEqual([['GET', 2, 'repetition']]);
});

test('a create with another key is another one, though the one before was refused', () => {
  const create = (at: number, request: number, idempotencyKey: string) => [
    asks(at, 1, request, { ...post, idempotencyKey }),
    body(at, 1, request, 'a'),
    answers(at + 1, 1, request, { ...post, status: 503 }),
  ];
  expect(callsOf(...create(1, 1, 'k'), ...create(5, 2, 'l'), ...create(9, 3, 'k'))).toEqual([
    ['POST', 2, 'idempotency key'],
    ['POST', 1, undefined],
  ]);
});

test('what failed long ago is not repeated', () =>
  expect(callsOf(asks(1, 1, 1), resets(2, 1, 1), asks(200_000, 2, 1))).toHaveLength(2));

/** How a call on a used connection comes again; moments are lane milliseconds. */
interface Retry {
  readonly first: object;
  readonly second: object;
  readonly at: number;
  readonly to: number;
  readonly used: boolean;
  readonly cut: boolean;
  readonly left: boolean;
  readonly opensAt: number;
  readonly securedAt: number;
}

describe('a retry of the transport', () => {
  /** A call on a used connection that is cut, and the next attempt. */
  const isTransport = ({
    first = {},
    second = {},
    at = 3,
    to = 2,
    used = true,
    cut = true,
    left = false,
    opensAt,
    securedAt,
  }: Partial<Retry> = {}) => {
    const handshake = opens(0, 2).flatMap(([, entry]): Step[] => {
      const atMs = new Map<string, number | undefined>([
        ['connection.opened', opensAt],
        ['connection.secured', securedAt],
      ]).get(entry.type);
      return atMs === undefined ? [] : [[atMs, entry]];
    });
    const events = tell(
      merge(handshake, [
        asks(0, 1, 1),
        asks(1, 1, 2, { clientRequestId: 'r', ...first }),
        resets(2, 1, 2),
        asks(at, to, 1, { clientRequestId: 'r', ...second }),
      ]),
    );
    const [before, one, two] = events.events('request.received');
    const [ended] = events.events('connection.ended');
    if (!before || !one || !two || !ended) throw new Error('the story is not whole');
    const connection = new Connection(1);
    if (used) connection.served = before;
    const by = left ? ('client' as const) : ended.by;
    const earlier = Object.assign(new Request(connection, one), cut && { cut: { ...ended, by } });
    const [[opened], [secured]] = [events.events('connection.opened'), events.events('connection.secured')];
    const other = Object.assign(new Connection(2), { opened, secured });
    const later = new Request(to === 1 ? connection : other, two);
    return isTransportRetry(earlier, later, new ClientTime(0));
  };

  test('repeats the same bytes at once on another connection', () => expect(isTransport()).toBe(true));

  test.each([
    ['with another request id', { second: { clientRequestId: 's' } }],
    ['with another key', { second: { idempotencyKey: 's' } }],
    ['with another trace', { second: { traceparent: '00-a-b-01' } }],
    ['with another trace id', { second: { asyncTraceId: 's' } }],
    ['50 ms later', { at: 52 }],
    ['on the same connection', { to: 1 }],
    ['after a connection that had served nothing', { used: false }],
    ['while the first one goes on', { cut: false }],
    ['after the client itself ended the first one', { left: true }],
  ])('%s it is one of the application', (_what, story) => expect(isTransport(story)).toBe(false));

  test.each([
    { what: 'a slow handshake before it', opensAt: 51, securedAt: 451, at: 500, is: true },
    { what: 'a wait before the handshake', opensAt: 52, securedAt: 452, at: 500, is: false },
    { what: 'a wait after the handshake', opensAt: 51, securedAt: 450, at: 500, is: false },
    { what: 'a connection that was there', opensAt: 1, securedAt: 490, at: 500, is: false },
    { what: 'a connection that has yet to say that it is secured', opensAt: 3, at: 51, is: true },
  ])('on $what: $is', ({ opensAt, securedAt, at, is }) =>
    expect(isTransport({ at, opensAt, ...(securedAt !== undefined && { securedAt }) })).toBe(is),
  );

  test('just under 50 ms later it still is one', () => expect(isTransport({ at: 51 })).toBe(true));
});

test('a poll that is sent again before the first is answered, with its id, is a hedge of the same call', () => {
  const id = { clientRequestId: 'r' };
  const hedged = [asks(1, 1, 1, id), asks(2, 2, 1, id), answers(3, 1, 1), answers(3, 2, 1)];
  expect(callsOf(...hedged)).toEqual([['GET', 2, 'client request id']]);
  expect(callsOf(asks(1, 1, 1, id), answers(2, 1, 1), asks(3, 2, 1, id), answers(4, 2, 1))).toHaveLength(2);
});

describe('what is open when a client is judged', () => {
  /** Of each client: its open calls, and its requests that have ended and may turn out otherwise. */
  function openAt(...steps: readonly Step[]) {
    const found: unknown[] = [];
    const looking = defineCheck({
      ...{ name: 'looking', summary: '', definition: '', params: z.strictObject({}), expects: () => '' },
      client: {
        watch: (_tally, _params, { calls }) => ({ hearsStorage: true, calls }),
        judge(_tally, _params, { openCalls, unsettled }, { calls }) {
          const open = [...openCalls].map(({ path, attempts, underWay, success }) => [
            path,
            attempts,
            underWay === 0 ? success?.status : 'under way',
          ]);
          const ended = [...unsettled].map((request) => [request.target.path, calls.known(request)?.bond]);
          found.push({ open, ended });
          return inconclusive('all');
        },
      },
    });
    judge(tell(steps), { scenario: 'story', seed: 1, expect: [looking.bind({})] });
    return found;
  }
  const get = (at: number, connection: number, path: string) => asks(at, connection, at, { path });
  const got = (at: number, connection: number, asked: number, path: string) => answers(at, connection, asked, { path });

  test('comes in the order of the requests, whatever their connections', () =>
    expect(
      openAt(
        ...[...opens(0, 1), ...opens(0, 2)],
        ...[get(1, 2, '/a'), got(2, 2, 1, '/a'), get(3, 1, '/b'), got(4, 1, 3, '/b'), get(5, 2, '/c')],
      ),
    ).toEqual([
      {
        open: [
          ['/a', 1, 200],
          ['/b', 1, 200],
          ['/c', 1, 'under way'],
        ],
        ended: [
          ['/a', undefined],
          ['/b', undefined],
        ],
      },
    ]));

  test('of two clients on one connection, each has its own', () =>
    expect(
      openAt(
        ...opens(0, 1),
        asks(1, 1, 1, { path: '/a', client: 'one' }),
        asks(2, 1, 2, { path: '/b', client: 'two' }),
        answers(3, 1, 2, { path: '/b' }),
      ),
    ).toEqual([
      // It has opened the connection, and asked for nothing.
      { open: [], ended: [] },
      { open: [['/a', 1, 'under way']], ended: [] },
      { open: [['/b', 1, 200]], ended: [['/b', undefined]] },
    ]));

  test('what has failed is one call with what comes after it', () =>
    expect(
      openAt(
        ...opens(0, 1),
        ...[get(1, 1, '/a'), answers(2, 1, 1, { path: '/a', status: 503 }), get(3, 1, '/a'), got(4, 1, 3, '/a')],
      ),
    ).toEqual([
      {
        open: [['/a', 2, 200]],
        ended: [
          ['/a', 'repetition'],
          ['/a', 'repetition'],
        ],
      },
    ]));

  test('what has been settled is not open', () =>
    expect(openAt(...opens(0, 1), get(1, 1, '/a'), got(2, 1, 1, '/a'), get(5_000, 1, '/b'))).toEqual([
      { open: [['/b', 1, 'under way']], ended: [] },
    ]));
});
