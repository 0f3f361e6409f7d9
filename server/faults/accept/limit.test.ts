import { expect, test } from 'vitest';
import type { ConnectionPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf, occasionOf } from '../testing.ts';
import { limit } from './limit.ts';

const accept = (params: object, openConnections: number) => {
  const plan: ConnectionPlan = {};
  applyFault(limit, params, { plan, openConnections });
  return plan.end;
};

test('a connection within the limit goes on', () => expect(accept({ max: 2 }, 2)).toBeUndefined());

test('a connection above the limit is reset', () =>
  expect(accept({ max: 2 }, 3)).toEqual({ at: 'accept', how: 'reset' }));

test('or left unanswered', () =>
  expect(accept({ max: 0, overflow: 'hang' }, 1)).toEqual({ at: 'accept', how: 'hang' }));

test('it does nothing below the limit, so that the journal need not tell of it', () => {
  const injection = limit.bind(limit.params.parse({ max: 2 }));
  const context = (openConnections: number) => ({ plan: {}, openConnections }) as never;
  expect(injection.applies(context(2), occasionOf())).toBe(false);
  expect(injection.applies(context(3), occasionOf())).toBe(true);
});

test('it says what it does', () => {
  const did = applyFault(limit, { max: 2, overflow: 'hang' }, { plan: {}, openConnections: 3 });
  expect(did).toBe('leave the connection unanswered, as more than 2 are open');
});

test('a limit has to be given, and makes sense from 0', () => {
  expect(complaintsOf(limit, {})).toHaveLength(1);
  expect(complaintsOf(limit, { max: -1 })).toHaveLength(1);
  expect(complaintsOf(limit, { max: 1.5 })).toHaveLength(1);
});

test('a connection above the limit waits, until fewer are served', () => {
  const plan: ConnectionPlan = {};
  applyFault(limit, { max: 2, overflow: 'queue' }, { plan, openConnections: 3 });
  expect(plan).toEqual({ queued: true });
  const holdOf = (servedConnections: number) =>
    limit
      .bind(limit.params.parse({ max: 2, overflow: 'queue' }))
      .hold?.({ sinceMs: 0, nowMs: 0, openConnections: 9, servedConnections });
  expect([holdOf(1), holdOf(2)]).toEqual([undefined, 'queue']);
});

test('the connection that fills the limit is the last one in, and stays', () => {
  const plan: ConnectionPlan = {};
  const injection = limit.bind(limit.params.parse({ max: 2, overflow: 'refuse' }));
  const applies = (openConnections: number) => injection.applies({ plan, openConnections } as never, occasionOf());
  expect([applies(1), applies(2)]).toEqual([false, true]);
  expect(applyFault(limit, { max: 2, overflow: 'refuse' }, { plan, openConnections: 2 })).toBe(
    'close the port until a connection ends, as 2 are open',
  );
  expect(plan).toEqual({});
  const holdOf = (openConnections: number) =>
    injection.hold?.({ sinceMs: 0, nowMs: 0, openConnections, servedConnections: openConnections });
  expect([holdOf(1), holdOf(2)]).toEqual([undefined, 'refuse']);
});

test('with no connection there is none to wait for', () => {
  expect(contradictionOf(limit, { max: 0, overflow: 'queue' }, 'accept')).toMatchObject({ param: 'max' });
  expect(contradictionOf(limit, { max: 0, overflow: 'refuse' }, 'accept')).toMatchObject({ param: 'max' });
  expect(contradictionOf(limit, { max: 0, overflow: 'hang' }, 'accept')).toBeUndefined();
});
