import { expect, test } from 'vitest';
import type { JournalEntry } from '../journal.ts';
import { judge } from './judge.ts';
import { answers, asks, creates, ends, opens, type Step, tell } from './testing.ts';

const armed = (hook: string, fault = hook): JournalEntry => ({ type: 'fault.armed', fault, hook, did: 'strikes: x' });
const injected = (fault: string, ordinal = 1): JournalEntry => ({
  ...{ type: 'fault.injected', fault, hook: 'request', ordinal, did: 'x' },
});
const reportOf = (...steps: readonly Step[]) => judge(tell(steps), { scenario: 'story', seed: 1, expect: [] }).report;

test('a fault that never struck is named, with when it strikes and what came', () => {
  const hooks = ['accept', 'handshake', 'session', 'request', 'response', 'task', 'video', 'callback', 'dns'];
  const { neverStruck = [] } = reportOf(
    ...hooks.map((hook): Step => [0, armed(hook)]),
    ...opens(0, 1),
    asks(1, 1, 1),
    asks(1, 1, 2),
    answers(2, 1, 1),
    asks(3, 1, 3, { path: '/m/1.mp4?X=***' }),
    creates(4, 'cgt-1'),
  );
  expect(Object.fromEntries(neverStruck.map(({ fault, reason }) => [fault, reason]))).toEqual({
    accept: 'strikes: x; 1 connection came',
    handshake: 'strikes: x; 1 ClientHello came',
    session: 'strikes: x; 1 HTTP/2 connection came',
    request: 'strikes: x; 2 requests came',
    response: 'strikes: x; 1 answer came',
    task: 'strikes: x; 1 task came',
    video: 'strikes: x; 1 download came',
    callback: 'strikes: x; no callbacks came',
    dns: 'strikes: x; no DNS queries came',
  });
});

test('one that struck, or was disarmed, is not', () => {
  const report = reportOf(
    [0, armed('request', 'a')],
    [0, armed('request', 'b')],
    [1, injected('a')],
    [2, injected('a', 2)],
    [3, { type: 'fault.disarmed', fault: 'b' }],
  );
  expect(report.faults).toEqual({ a: 2 });
  expect(report).not.toHaveProperty('neverStruck');
});

test('the faults of a scenario are armed with it', () => {
  const loaded: JournalEntry = {
    ...{ type: 'scenario.loaded', name: 's', seed: 1, faults: 1 },
    armed: [{ fault: 'a', hook: 'task', did: 'strikes: x' }],
  };
  expect(reportOf([0, loaded], ...opens(0, 1), ends(1, 1)).neverStruck).toEqual([
    { fault: 'a', reason: 'strikes: x; no tasks came' },
  ]);
});
