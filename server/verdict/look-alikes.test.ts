import { expect, test } from 'vitest';
import type { JournalEntry } from '../journal.ts';
import { judge } from './judge.ts';
import { describeLookAlikes } from './look-alikes.ts';
import { asks, ends, opens, resets, type Step, tell } from './testing.ts';

const countsOf = (...steps: readonly Step[]) =>
  judge(tell(steps), { scenario: 'story', seed: 1, expect: [] }).report.lookAlikes;
const open = [{ request: 1, method: 'GET', path: '/tasks/1' }];
const asking: readonly Step[] = [...opens(0, 1), asks(1, 1, 1)];
const happens = (entry: JournalEntry): readonly Step[] => [[1, entry]];

test.each<[string, object, readonly Step[]]>([
  ['waited', { waited: 1 }, happens({ type: 'connection.queued', connection: 1, place: 1, by: 'fault' })],
  ['unserved', { unserved: 1 }, happens({ type: 'connection.hung', connection: 1, by: 'fault' })],
  ['frozen', { frozen: 1 }, happens({ type: 'connection.frozen', connection: 1, forMs: 1, by: 'fault' })],
  ['refused', { refused: 1 }, happens({ type: 'listener.closed', cause: 'x' })],
  ['dropped', { dropped: 7 }, happens({ type: 'listener.relieved', port: 1, dropped: 7 })],
  ['finished', { finished: 1 }, [...asking, ends(2, 1, { by: 'fault', requests: open })]],
  ['left', { left: 1 }, [...asking, ends(2, 1, { requests: open })]],
  ['left by a reset', { left: 1 }, [...asking, ends(2, 1, { how: 'reset', requests: open })]],
  ['lost', { lost: 1 }, [...opens(0, 1), ends(2, 1, { by: 'network', how: 'error', cause: 'ETIMEDOUT' })]],
  ['broken', { broken: 1 }, [...opens(0, 1), ends(2, 1, { how: 'error' })]],
])('a connection that is %s looks like a reset', (_what, counts, steps) => expect(countsOf(...steps)).toEqual(counts));

test.each<[string, readonly Step[]]>([
  ['a reset of the service', [...asking, resets(2, 1, 1)]],
  ['a connection that its client closes with nothing open', [...opens(0, 1), ends(2, 1)]],
  ['a FIN on an idle connection', [...opens(0, 1), ends(2, 1, { by: 'rule', how: 'fin', cause: 'idle' })]],
])('%s does not', (_what, steps) => expect(countsOf(...steps)).toBeUndefined());

test('one line says all of them', () => {
  expect(describeLookAlikes()).toEqual([]);
  expect(describeLookAlikes({ waited: 2, left: 1 })).toEqual([
    'a client may call these a reset, and the service sent none: 2 connections waited for another connection to end; ' +
      '1 connection ended by the client itself amid a call, as after a time-out of its own',
  ]);
});
