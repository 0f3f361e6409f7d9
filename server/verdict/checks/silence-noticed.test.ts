import { describe, expect, test } from 'vitest';
import { answers, asks, brings, creates, ends, findingsOf, judgeBy, opens, type Step, TASKS } from '../testing.ts';
import { silenceNoticed } from './silence-noticed.ts';

const find = (steps: readonly Step[]) => findingsOf(silenceNoticed, { within: '10s' }, steps);

/** A client with a connection that works, so that others are known to be its own. */
const known: readonly Step[] = [...opens(0, 1), asks(0, 1, 1), answers(1, 1, 1), ends(2, 1)];
const opensInto = (id: number): readonly Step[] => [...opens(100, id).slice(0, 1)];
const hangs = (id: number): Step => [100, { type: 'connection.hung', connection: id, by: 'fault' }];
const strikes = (id: number, request?: number): Step => [
  100,
  { type: 'fault.injected', fault: 'f', hook: 'h', ordinal: 1, did: 'x', connection: id, ...(request && { request }) },
];
const withholds = (id: number, request: number): Step => [
  100,
  { type: 'response.abandoned', connection: id, request, by: 'fault', how: 'hang', bytes: 0 },
];
const secures = (atMs: number, id: number): Step => [
  atMs,
  { type: 'connection.secured', connection: id, protocol: 'h2', tls: 'TLSv1.3', cipher: 'x' },
];
const resetsStream = (atMs: number, id: number, request: number): Step => [
  atMs,
  { type: 'stream.reset', connection: id, request, stream: 1, code: 8 },
];
/** Time goes on. */
const later = (atMs: number): Step => [atMs, { type: 'listener.opened' }];

test.each([
  ['given up in time', [ends(9_000, 2)], 'pass'],
  ['given up too late', [ends(11_000, 2)], 'no time-out'],
  ['still waited for', [later(11_000)], 'no time-out'],
  ['waited for, not for long yet', [later(9_000)], 'inconclusive'],
  ['ended by the service in time', [ends(9_000, 2, { by: 'rule', how: 'reset' })], 'inconclusive'],
  ['ended by the service too late', [ends(30_000, 2, { by: 'rule', how: 'reset' })], 'no time-out'],
] as const)('a connection that is never served, %s', (_how, steps, finding) =>
  expect(find([...known, ...opensInto(2), hangs(2), ...steps])).toEqual([finding]),
);

test.each([
  ['given up', [ends(9_000, 2)], 'pass'],
  ['done at last', [secures(20_000, 2)], 'no time-out'],
  ['done in time', [secures(5_000, 2), ends(6_000, 2)], 'inconclusive'],
  ['refused at once', [ends(150, 2)], 'inconclusive'],
] as const)('a handshake that a fault struck, %s', (_how, steps, finding) =>
  expect(find([...known, ...opensInto(2), strikes(2), ...steps])).toEqual([finding]),
);

test.each([
  ['reset by the client', [resetsStream(9_000, 2, 1), later(20_000)], 'pass'],
  ['reset by the client just now', [resetsStream(9_000, 2, 1)], 'pass'],
  ['reset too late', [resetsStream(12_000, 2, 1), later(20_000)], 'no time-out'],
  ['waited for', [later(12_000)], 'no time-out'],
] as const)('an answer that is withheld, %s', (_how, steps, finding) =>
  expect(find([...opens(0, 2), asks(100, 2, 1), withholds(2, 1), ...steps])).toEqual([finding]),
);

test('it says for how long, and what for', () =>
  expect(
    judgeBy(silenceNoticed, { within: '10s' }, [...opens(0, 2), asks(100, 2, 1), withholds(2, 1), later(12_100)])
      .clients,
  ).toMatchObject([{ seen: 'waited 12.0 s for GET /tasks/1 (1 time)', figures: { waited: 1, longestMs: 12_000 } }]));

test('nothing silent tells nothing', () => expect(find(known)).toEqual(['inconclusive']));

test('a bound is kept to the millisecond, and what takes less than a second was not silent', () => {
  const opensAndLeaves = (atMs: number) => find([...known, ...opensInto(2), hangs(2), ends(atMs, 2)]);
  expect([opensAndLeaves(10_100), opensAndLeaves(10_101)]).toEqual([['pass'], ['no time-out']]);
  expect([opensAndLeaves(1_100), opensAndLeaves(1_099)]).toEqual([['pass'], ['inconclusive']]);
});

test('a client that is slow by itself has waited for nothing', () => {
  expect(find([...known, ...opensInto(2), secures(20_000, 2)])).toEqual(['inconclusive']);
  expect(find([...known, ...opensInto(2), ends(20_000, 2)])).toEqual(['inconclusive']);
  expect(find([...known, ...opensInto(2), later(20_000)])).toEqual(['inconclusive']);
  const slow = [...opens(0, 2), asks(100, 2, 1)];
  expect(find([...slow, resetsStream(12_000, 2, 1), later(20_000)])).toEqual(['inconclusive']);
  expect(find([...slow, resetsStream(12_000, 2, 1)])).toEqual(['inconclusive']);
});

test('a connection whose handshake is done waits for none, though a fault struck it', () => {
  const open = [...known, ...opensInto(2), strikes(2), secures(200, 2)];
  expect(find([...open, later(20_000)])).toEqual(['inconclusive']);
});

test('how long a connection has been silent that was opened before the run is not known', () => {
  expect(find([hangs(0), ends(20_000, 0)])).toEqual(['inconclusive']);
  expect(find([hangs(0), secures(20_000, 0)])).toEqual(['inconclusive']);
  expect(find([hangs(0), later(20_000)])).toEqual(['inconclusive']);
});

test('a client that waits for an answer may still give it up', () =>
  expect(find([...opens(0, 2), asks(100, 2, 1), withholds(2, 1), later(9_000)])).toEqual(['inconclusive']));

describe('an answer of which a fault dropped a frame', () => {
  const drops = (request: number): readonly Step[] => [
    asks(100, 2, request, { stream: request }),
    answers(110, 2, request),
    [
      111,
      {
        ...{ type: 'frame.tampered', connection: 2, stream: request, cause: 'f' },
        ...{ direction: 'to-client', frame: 'DATA', did: 'drop' },
      } as const,
    ],
  ];
  const lost = [...opens(0, 2), ...drops(1)];
  const judged = (...steps: readonly Step[]) => judgeBy(silenceNoticed, { within: '10s' }, [...lost, ...steps]).clients;
  const doubt = [
    {
      outcome: 'inconclusive',
      seen: 'a fault dropped a frame of the answer to GET /tasks/1: it has given that up, or still waits for it',
    },
  ];

  test('may have been given up: the service does not see it', () => {
    expect(judged(later(10_100))).not.toMatchObject(doubt);
    expect(judged(later(10_101))).toMatchObject(doubt);
    // Its call is over by then.
    expect(judged(later(100_000), later(200_000))).toMatchObject(doubt);
  });

  test('hides no other silence', () =>
    expect(find([...lost, asks(200, 2, 3, { path: '/tasks/2' }), withholds(2, 3), later(20_000)])).toEqual([
      'no time-out',
    ]));

  test('was given up by a client that asked again', () => {
    const again = [asks(5_000, 2, 3), answers(5_010, 2, 3)];
    expect(judged(...again, later(200_000))).not.toMatchObject(doubt);
  });

  test('was given up by a client that asks for the task of the create that it answered', () => {
    const create = [asks(100, 2, 1, { method: 'POST', path: TASKS, stream: 1 }), brings(101, 2, 1)];
    const made = [
      ...opens(0, 2),
      ...create,
      creates(102, 'cgt-1', { connection: 2, request: 1 }),
      ...drops(1).slice(1),
    ];
    const asked = [asks(5_000, 2, 3, { path: `${TASKS}/cgt-1` }), answers(5_010, 2, 3)];
    const seen = (...steps: readonly Step[]) => judgeBy(silenceNoticed, { within: '10s' }, steps).clients[0]?.seen;
    expect(seen(...made, later(200_000))).toMatch(/^a fault dropped a frame of the answer to POST/);
    expect(seen(...made, ...asked, later(200_000))).toMatch(/^nothing that it waited for was silent/);
  });
});
