import { expect, test } from 'vitest';
import { applyFault, complaintsOf, contradictionOf, emptyPlan } from '../testing.ts';
import { end } from './end.ts';

test.each([
  ['before-commit', 'reset the connection before the request is carried out'],
  ['after-commit', 'reset the connection after the request was carried out, before any answer'],
  ['headers', 'reset the connection after the headers'],
  [{ bodyBytes: 40 }, 'reset the connection after 40 bytes of the body'],
])('the answer ends at %o', (at, did) => {
  const plan = emptyPlan();
  expect(applyFault(end, { at }, { plan, stage: 'request' })).toBe(did);
  expect(plan.end).toEqual({ at, how: 'reset', code: 0x2 });
});

test('RST_STREAM carries the code', () => {
  const plan = emptyPlan();
  const params = { at: 'before-commit', how: 'rst-stream', code: 'REFUSED_STREAM' };
  const did = applyFault(end, params, { plan, stage: 'request' });
  expect(did).toBe('reset the stream with REFUSED_STREAM before the request is carried out');
  expect(plan.end).toEqual({ at: 'before-commit', how: 'rst-stream', code: 0x7 });
});

test('the first of two stays', () => {
  const plan = emptyPlan();
  applyFault(end, { at: 'headers', how: 'hang' }, { plan, stage: 'request' });
  applyFault(end, { at: 'headers', how: 'fin' }, { plan, stage: 'response' });
  expect(plan.end?.how).toBe('hang');
});

test('where it ends has to be given', () => {
  expect(complaintsOf(end, {})).toHaveLength(1);
  expect(complaintsOf(end, { at: { bodyBytes: -1 } })).toHaveLength(1);
});

test('on response it is too late for before-commit', () =>
  expect(contradictionOf(end, { at: 'before-commit' }, 'response')).toMatchObject({ param: 'at' }));

test('what only reads commits nothing', () => {
  const readers = [{ method: 'GET' }, { method: ['get', 'HEAD'] }];
  for (const match of readers)
    expect(contradictionOf(end, { at: 'after-commit' }, 'request', match)).toMatchObject({ param: 'at' });

  const writers = [{}, { method: 'DELETE' }, { method: ['GET', 'POST'] }];
  for (const match of writers) expect(contradictionOf(end, { at: 'after-commit' }, 'request', match)).toBeUndefined();
});

test('a code without RST_STREAM would have no effect', () =>
  expect(contradictionOf(end, { at: 'headers', code: 'CANCEL' }, 'request')).toMatchObject({ param: 'code' }));
