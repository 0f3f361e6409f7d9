import { expect, test } from 'vitest';
import { answers, asks, findingsOf, judgeBy, opens, type Step, TASKS } from '../testing.ts';
import { urlsRenewed } from './urls-renewed.ts';

const RESULT = '/doubao-seedance-2-0/02178.mp4';
const call = (atMs: number, request: number, path: string, status: number, connection = 1): readonly Step[] => [
  asks(atMs, connection, request, { path }),
  answers(atMs + 1, connection, request, { path, status }),
];
const find = (...steps: readonly Step[]) => findingsOf(urlsRenewed, {}, [...opens(0, 1), ...steps]);
const refused = call(10, 1, `${RESULT}?X-Tos-Signature=***`, 403);

test('a Get of the task between the two', () =>
  expect(find(...refused, ...call(20, 2, `${TASKS}/cgt-1`, 200), ...call(30, 3, RESULT, 200))).toEqual(['pass']));

test('a List between the two shows the URL as well', () =>
  expect(find(...refused, ...call(20, 2, `${TASKS}?filter.task_ids=cgt-1`, 200), ...call(30, 3, RESULT, 200))).toEqual([
    'pass',
  ]));

test('none between the two', () =>
  expect(judgeBy(urlsRenewed, {}, [...opens(0, 1), ...refused, ...call(30, 3, RESULT, 403)]).clients).toMatchObject([
    { finding: 'tried again', seen: 'asked again with 1 of 1 URL that had been refused' },
  ]));

test('one that failed, or came before, brings no URL', () => {
  const again = call(30, 3, RESULT, 403);
  expect(find(...refused, ...call(20, 2, `${TASKS}/cgt-1`, 503), ...again)).toEqual(['tried again']);
  expect(find(...call(1, 2, `${TASKS}/cgt-1`, 200), ...refused, ...again)).toEqual(['tried again']);
});

test.each([
  ['never asked for again', refused],
  ['of another result', [...refused, ...call(30, 3, '/m/3.mp4', 200)]],
  ['of the API', [...call(10, 1, `${TASKS}/cgt-1`, 403), ...call(20, 2, `${TASKS}/cgt-1`, 403)]],
  ['that is not 403', [...call(10, 1, RESULT, 503), ...call(20, 2, RESULT, 200)]],
] as const)('a refusal %s tells nothing', (_what, steps) => expect(find(...steps)).toEqual(['inconclusive']));

test('it hears of connections to the storage', () => {
  const [, ...rest] = opens(5, 2);
  const toStorage: Step = [5, { type: 'connection.opened', connection: 2, remote: '127.0.0.1:40002', storage: true }];
  const steps = [toStorage, ...rest, ...call(10, 1, RESULT, 403, 2), ...call(20, 2, RESULT, 403, 2)];
  expect(find(...steps)).toEqual(['tried again']);
});

test('a browser that asks whether it may ask is neither refused nor asks again', () => {
  const preflight = (atMs: number, request: number, status: number): readonly Step[] => [
    asks(atMs, 1, request, { method: 'OPTIONS', path: RESULT }),
    answers(atMs + 1, 1, request, { method: 'OPTIONS', path: RESULT, status }),
  ];
  expect(find(...refused, ...preflight(20, 2, 204))).toEqual(['inconclusive']);
  expect(find(...preflight(10, 1, 403), ...call(20, 2, RESULT, 200))).toEqual(['inconclusive']);
});

test('a create brings no URL', () => {
  const creates = [asks(20, 1, 2, { method: 'POST', path: TASKS }), answers(21, 1, 2)];
  expect(find(...refused, ...creates, ...call(30, 3, RESULT, 403))).toEqual(['tried again']);
});

test('a DELETE of the task brings no URL', () => {
  const deletes = [asks(20, 1, 2, { method: 'DELETE', path: `${TASKS}/cgt-1` }), answers(21, 1, 2)];
  expect(find(...refused, ...deletes, ...call(30, 3, RESULT, 403))).toEqual(['tried again']);
});

test('of 1,001 refused URLs the newest 1,000 are remembered', () => {
  const result = (number: number) => `/doubao-seedance-2-0/${number}.mp4`;
  const steps = Array.from({ length: 1_001 }, (_, n) => call(n, n + 1, result(n), 403)).flat();
  expect(find(...steps, ...call(2_000, 2_000, result(0), 200))).toEqual(['inconclusive']);
  expect(find(...steps, ...call(2_000, 2_000, result(1), 200))).toEqual(['tried again']);
});
