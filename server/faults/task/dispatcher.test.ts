import { describe, expect, test } from 'vitest';
import { loadScenario } from '../../scenario/load.ts';
import type { TaskPlan } from '../plans.ts';
import { applyFault, complaintsOf, contradictionOf, occasionOf } from '../testing.ts';
import { dispatcher } from './dispatcher.ts';

const planOf = (params: object, drawn = 0.5) => {
  const plan: TaskPlan = { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' };
  applyFault(dispatcher, params, { plan }, occasionOf({}, drawn));
  return plan;
};

test('left to itself a task waits as long as it takes, and runs as long as any', () =>
  expect(planOf({ workers: 4 })).toMatchObject({
    runningMs: 4_000,
    dispatcher: { workers: 4, queueTimeoutMs: Number.POSITIVE_INFINITY, tries: 1 },
  }));

test('the service time takes the place of the running time', () => {
  expect(planOf({ workers: 4, serviceTime: '50ms' }).runningMs).toBe(50);
  expect(planOf({ workers: 4, serviceTime: { exponential: { mean: '1s' } } }, 0.5).runningMs).toBe(693);
  expect(planOf({ workers: 4, serviceTime: { uniform: { from: '1s', to: '2s' } } }, 0.5).runningMs).toBe(1_500);
});

test('it drops at the first try, or tries three times', () => {
  const overflow = (params: object) => planOf({ workers: 4, queueTimeout: '50ms', ...params }).dispatcher;
  expect(overflow({})).toMatchObject({ queueTimeoutMs: 50, tries: 1 });
  expect(overflow({ overflow: 'drop' })).toMatchObject({ tries: 1 });
  expect(overflow({ overflow: 'retry' })).toMatchObject({ tries: 3, pauseMs: 1_000 });
  expect(overflow({ overflow: 'retry', tries: 5, pause: '2s' })).toMatchObject({ tries: 5, pauseMs: 2_000 });
});

test('one set of workers runs all tasks of a rule, and another the tasks of the next', () => {
  const memories = [new Map<string, unknown>(), new Map<string, unknown>()];
  const injection = dispatcher.bind(dispatcher.params.parse({ workers: 2 }));
  const [first, second, other] = [memories[0], memories[0], memories[1]].map((kept) => {
    const plan: TaskPlan = { queuedMs: 0, runningMs: 0, outcome: 'succeeded' };
    const memory = <T>(create: () => T) => (kept?.get('') ?? kept?.set('', create()).get('')) as T;
    injection.apply({ plan } as never, { ...occasionOf(), memory });
    return plan.dispatcher;
  });
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});

test('the first of two dispatchers stays', () => {
  const plan = planOf({ workers: 4, serviceTime: '1s' });
  applyFault(dispatcher, { workers: 9, serviceTime: '9s' }, { plan });
  expect(plan).toMatchObject({ runningMs: 1_000, dispatcher: { workers: 4 } });
});

test('it says what it does, and what it does on an occasion', () => {
  const said = (params: object) => {
    const injection = dispatcher.bind(dispatcher.params.parse(params));
    return [injection.did, injection.didOn(occasionOf({}, 0.5))];
  };
  expect(said({ workers: 1 })).toEqual(['let 1 worker run the task', 'let 1 worker run the task']);
  expect(said({ workers: 4, serviceTime: { exponential: { mean: '1s' } }, queueTimeout: '50ms' })).toEqual([
    'let 4 workers run the task, 1s on average; drop it after 50ms without one',
    'let 4 workers run the task, 693ms; drop it after 50ms without one',
  ]);
  expect(said({ workers: 4, serviceTime: '2s', queueTimeout: '50ms', overflow: 'retry' })[0]).toBe(
    'let 4 workers run the task, 2s; after 50ms without one try again 1s later, and drop it after 3 tries',
  );
});

describe('what makes no sense is refused', () => {
  test.each([
    [{ workers: 4, overflow: 'drop' }, 'overflow'],
    [{ workers: 4, queueTimeout: '50ms', tries: 2 }, 'tries'],
    [{ workers: 4, queueTimeout: '50ms', overflow: 'drop', pause: '1s' }, 'pause'],
    [{ workers: 4, serviceTime: { uniform: { from: '2s', to: '1s' } } }, 'serviceTime'],
  ])('%j', (params, param) => expect(contradictionOf(dispatcher, params, 'task')).toMatchObject({ param }));

  test.each([
    {},
    { workers: 0 },
    { workers: 1_001 },
    { workers: 1, queueTimeout: 50 },
    { workers: 1, queueTimeout: '1s', overflow: 'retry', tries: 1 },
    { workers: 1, serviceTime: {} },
  ])('%j', (params) => expect(complaintsOf(dispatcher, params)).toHaveLength(1));

  test('with its place, and a way out', () => {
    const load = (inject: string) => () =>
      loadScenario(`faults:\n  - on: task\n    inject:\n      - ${inject}`, { file: 'checkout.yaml' });
    expect(load('dispatcher: { workers: 4, serviceTime: { normal: { mean: 1s } } }')).toThrow(
      'checkout.yaml:4:58  MISSING_KEY',
    );
    expect(load('dispatcher: { workers: 4, overflow: retry }')).toThrow('checkout.yaml:4:45');
    expect(load('dispatcher: { workers: 4 }\n      - dispatcher: { workers: 8 }')).toThrow('has no effect');
  });
});
