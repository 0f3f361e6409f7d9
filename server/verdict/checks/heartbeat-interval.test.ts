import { expect, test } from 'vitest';
import { ends, findingsOf, hurries, judgeBy, merge, opens, resets, type Step } from '../testing.ts';
import { heartbeatInterval } from './heartbeat-interval.ts';

const beats = (atMs: number, connection = 1, ageMs = 0): Step => [
  atMs,
  { type: 'heartbeat', connection, source: 'ping', ageMs, judgedBy: 'client' },
];
const strikes = (atMs: number, connection = 1): readonly Step[] => [
  [atMs, { type: 'rule.applied', rule: 'heartbeat', connection, did: 'reset', line: 'heartbeat 30s -> reset' }],
  ends(atMs, connection, { by: 'rule', how: 'reset' }),
];
/** A connection that beats at these moments, and ends. */
const lives = (endAt: number, beatsAt: readonly number[], connection = 1): readonly Step[] => [
  ...opens(0, connection),
  ...beatsAt.map((at) => beats(at, connection)),
  ends(endAt, connection),
];
/** To the millisecond. */
const find = (steps: readonly Step[], params = {}) => findingsOf(heartbeatInterval, { late: '0ms', ...params }, steps);

test.each([
  ['every gap is as long as it may be', 90_000, [30_000, 60_000], 'pass'],
  ['the first beat is late', 50_000, [30_001, 40_000], 'too rare'],
  ['a beat in the middle is missing', 100_000, [20_000, 60_000, 80_000], 'too rare'],
  ['the last beat is long before the end', 60_001, [10_000, 30_000], 'too rare'],
  ['there is none on a long life', 30_001, [], 'missing'],
  ['there is none on a short life', 30_000, [], 'inconclusive'],
  ['a short life with a beat tells something', 2_000, [1_000], 'pass'],
] as const)('%s: ends at %i ms, beats at %j', (_what, endAt, beatsAt, finding) =>
  expect(find(lives(endAt, beatsAt))).toEqual([finding]),
);

test('a connection that is open still was silent up to the end of the run', () => {
  const later = opens(31_000, 2);
  expect(find([...opens(0, 1), ...later])).toEqual(['missing']);
  expect(find([...opens(0, 1), beats(500), ...later])).toEqual(['too rare']);
  expect(find([...opens(0, 1), beats(5_000), ...later])).toEqual(['pass']);
});

test("one connection's beats do not keep another", () =>
  expect(judgeBy(heartbeatInterval, {}, merge(lives(40_000, [20_000], 1), lives(40_000, [], 2))).clients).toMatchObject(
    [{ finding: 'missing', seen: 'sent no heartbeat for 40.0 s on connection 2 (1 of 2 connections)' }],
  ));

test('what the service cut for its silence was too silent, whatever the client is allowed', () =>
  expect(judgeBy(heartbeatInterval, {}, [...opens(0, 1), beats(2_000), ...strikes(12_000)]).clients).toMatchObject([
    { finding: 'too rare', seen: 'was silent for 10.0 s on connection 1, and the service cut it (1 of 1 connection)' },
  ]));

test('a handshake that never ended needs no heartbeat', () =>
  expect(find([...opens(0, 1).slice(0, 2), resets(60_000, 1)])).toEqual(['inconclusive']));

test('the clock that is furthest off is told, not that of the longest silence', () => {
  const steps = [...opens(0, 1), beats(20_000, 1, 6_000), ...opens(20_000, 2), beats(21_000, 2, -9_000)];
  expect(judgeBy(heartbeatInterval, {}, steps).clients).toMatchObject([
    { finding: 'skewed clock', seen: 'its clock is 9.0 s ahead', figures: { skewMs: -9_000 } },
  ]);
  expect(find([...opens(0, 1), beats(1_000, 1, 5_000), beats(2_000, 1, -5_000)])).toEqual(['pass']);
});

test("gaps are the client's: 200 s of a lane that runs 10 times as fast are 20 s of its", () => {
  expect(find([hurries(0, 10), ...lives(400_000, [200_000])])).toEqual(['pass']);
  expect(find([hurries(0, 10), ...lives(400_000, [50_000])])).toEqual(['too rare']);
});

test('heartbeats that are old on a connection that a fault slows say nothing of the clock', () => {
  const slow: Step = [1, { type: 'fault.injected', fault: 'far', hook: 'accept', ordinal: 1, did: 'x', connection: 1 }];
  const story = (ageMs: number) => [...opens(0, 1), slow, beats(500, 1, ageMs), ends(2_000, 1)];
  expect(find(story(9_000))).toEqual(['inconclusive']);
  expect(find(story(-9_000))).toEqual(['skewed clock']);
});

test('heartbeats whose time cannot be read are some by their arrival, or none', () => {
  const odd = (atMs: number): Step => [
    atMs,
    { type: 'heartbeat', connection: 1, source: 'header', ageMs: 0, judgedBy: 'arrival', unreadable: 'soon' },
  ];
  const story = (...middle: readonly Step[]) => [...opens(0, 1), ...middle, ends(60_000, 1)];
  expect(judgeBy(heartbeatInterval, {}, story(odd(20_000), odd(40_000))).clients).toMatchObject([
    { outcome: 'inconclusive', doubtful: true, seen: expect.stringMatching(/^its `x-client-timestamp` "soon" is no/) },
  ]);
  // Those that can be read are too far apart without the others, or not; and with them all it may be too rare.
  expect(find(story(beats(10_000), odd(20_000), beats(41_000)))).toEqual(['inconclusive']);
  expect(find(story(beats(25_000), odd(35_000)))).toEqual(['inconclusive']);
  expect(find(story(beats(15_000), odd(20_000), beats(45_000)))).toEqual(['pass']);
  expect(find(story(odd(20_000)))).toEqual(['too rare']);
  expect(find([...opens(0, 1), odd(500), ends(2_000, 1)])).toEqual(['inconclusive']);
});

test('the report says how often it beat, and how far its clock is off', () => {
  const seen = (...steps: readonly Step[]) => judgeBy(heartbeatInterval, {}, steps).clients[0];
  expect(seen(...lives(2_000, [1_000]))).toMatchObject({
    seen: '1 heartbeat on 1 connection, at most 1.0 s apart, clock off by 0 ms',
    figures: { longestMs: 1_000 },
  });
  expect(seen(...lives(2_000, []))).toMatchObject({ seen: 'no connection of it lived for 30s or beat' });
  expect(seen(...opens(0, 1), beats(1_000, 1, 6_000))).toMatchObject({ seen: 'its clock is 6.0 s behind' });
  const two = (first: number, second: number) =>
    seen(...opens(0, 1), beats(1_000, 1, first), ...opens(1_000, 2), beats(2_000, 2, second));
  expect(two(4_000, -1_000)).toMatchObject({ outcome: 'pass', figures: { skewMs: 4_000 } });
  expect(two(-5_000, 5_000)).toMatchObject({ outcome: 'pass', figures: { skewMs: 5_000 } });
});

test('what a rule cut too soon hides no other connection', () => {
  const cut = [...opens(0, 1), ends(8_000, 1, { by: 'rule', how: 'reset', cause: 'idle' })];
  const other = [...opens(9_000, 2), beats(10_000, 2), ends(11_000, 2)];
  expect(find([hurries(0, 20), ...cut, ...other])).toEqual(['pass']);
  expect(find([hurries(0, 20), ...cut])).toEqual(['inconclusive']);
});

test('a heartbeat that waited in a queue is old, and the clock is right: one that did not shows it', () => {
  const ages = [43, 5_076, 10_082, 10];
  const story = [...opens(0, 1), ...ages.map((ageMs, n) => beats(500 * (n + 1), 1, ageMs)), ends(3_000, 1)];
  expect(find(story)).toEqual(['pass']);
});

test('half a second late is on time, unless the settings or the service say otherwise', () => {
  const found = (endAt: number, beatsAt: readonly number[], params = {}) =>
    findingsOf(heartbeatInterval, { within: '10s', ...params }, lives(endAt, beatsAt));
  // A timer of 10 s on a busy machine.
  expect(found(35_000, [10_100, 20_200, 30_300])).toEqual(['pass']);
  expect(found(21_000, [10_500])).toEqual(['pass']);
  expect(found(21_001, [10_500])).toEqual(['too rare']);
  expect(found(21_000, [10_501])).toEqual(['too rare']);
  expect(found(10_500, [])).toEqual(['inconclusive']);
  expect(found(10_501, [])).toEqual(['missing']);
  expect(found(12_000, [10_100], { late: '50ms' })).toEqual(['too rare']);
  expect(findingsOf(heartbeatInterval, {}, [...opens(0, 1), beats(100), ...strikes(30_100)])).toEqual(['too rare']);
});
