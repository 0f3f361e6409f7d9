import { Journal, type JournalEntry } from '../journal.ts';
import type { Check } from './check.ts';
import { type Case, judge } from './judge.ts';
import type { CheckResult } from './verdict.ts';

/** What happened at a moment, in lane milliseconds from the start. */
export type Step = readonly [atMs: number, entry: JournalEntry];

/** A journal that tells a story, after the scenario was loaded without a fault. */
export function tell(steps: Iterable<Step>, capacity?: number): Journal {
  let now = 0;
  const journal = new Journal(() => now, capacity);
  journal.append({ type: 'scenario.loaded', name: 'story', seed: 1, faults: 0 });
  for (const [atMs, entry] of steps) {
    now = atMs;
    journal.append({ ...entry });
  }
  return journal;
}

/** What one check makes of a story. */
export function judgeBy(check: Check, params: object, steps: readonly Step[], more: Partial<Case> = {}): CheckResult {
  const expect = [check.bind(check.params.parse(params))];
  const { report } = judge(tell(steps), { scenario: 'story', seed: 1, expect, ...more });
  const [result] = report.checks;
  if (!result) throw new Error('nothing was judged');
  return result;
}

const remote = (connection: number, address = '127.0.0.1') => `${address}:${40_000 + connection}`;

/** A client's connection up to its first request. */
export const opens = (
  atMs: number,
  connection: number,
  { ja4 = 't13d1_a_b', userAgent = 'tea/1' } = {},
): readonly Step[] => [
  [atMs, { type: 'connection.opened', connection, remote: remote(connection) }],
  [atMs, { type: 'connection.hello', connection, alpn: ['h2'], ja4, serverName: 'localhost' }],
  [atMs, { type: 'connection.secured', connection, protocol: 'h2', tls: 'TLSv1.3', cipher: 'x' }],
  [atMs, { type: 'connection.identified', connection, userAgent }],
];

/** A request, numbered within its connection. */
export const asks = (atMs: number, connection: number, request: number, more: object = {}): Step => [
  atMs,
  { type: 'request.received', connection, client: 'key', request, method: 'GET', path: '/tasks/1', ...more },
];

export const answers = (atMs: number, connection: number, request: number, more: object = {}): Step => [
  atMs,
  {
    type: 'response.sent',
    connection,
    request,
    method: 'GET',
    path: '/tasks/1',
    status: 200,
    bytes: 2,
    ms: 1,
    ...more,
  },
];

/** A reset by a fault, which cuts the requests of these numbers. */
export const resets = (atMs: number, connection: number, ...requests: readonly number[]): Step => [
  atMs,
  {
    type: 'connection.ended',
    connection,
    remote: remote(connection),
    by: 'fault',
    how: 'reset',
    idleMs: 0,
    ageMs: 0,
    requests: requests.map((request) => ({ request, method: 'GET', path: '/tasks/1' })),
  },
];
