import { expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { Lane } from '../lane.ts';
import { loadScenario, type ScenarioInput } from '../scenario/load.ts';
import { readCreateRequest } from './create-request.ts';
import type { ArkError } from './errors.ts';
import { CANCELLED_KEPT_MS, RECORD_KEPT_MS, taskStatuses } from './task.ts';
import { MAX_TASKS, TaskStore } from './task-store.ts';
import { textOnly } from './testing.ts';

const HOUR_MS = 3_600_000;

function openStore(scenario: ScenarioInput = {}) {
  const lane = new Lane('test', loadScenario({ seed: 7, ...scenario, clock: { mode: 'manual' } }));
  const tasks = new TaskStore(lane);
  const create = (fields: object = {}) => tasks.create(readCreateRequest({ ...textOnly, ...fields }));
  const statusOf = (id: string) => tasks.get(id)?.status;
  return { lane, tasks, create, statusOf, [Symbol.dispose]: () => tasks.close() };
}

test('a task queues, runs and succeeds at the times of the scenario', async () => {
  using store = openStore({ tasks: { queued: '1s', running: '4s' } });
  const { id, createdAtMs } = store.create();

  expect(store.statusOf(id)).toBe('queued');
  await store.lane.clock.advance(999);
  expect(store.statusOf(id)).toBe('queued');
  await store.lane.clock.advance(1);
  expect(store.tasks.get(id)).toMatchObject({ status: 'running', createdAtMs, updatedAtMs: createdAtMs + 1_000 });
  await store.lane.clock.advance(4_000);
  expect(store.tasks.get(id)).toMatchObject({ status: 'succeeded', createdAtMs, updatedAtMs: createdAtMs + 5_000 });

  await store.lane.clock.advance(72 * HOUR_MS);
  expect(store.statusOf(id)).toBe('succeeded');
});

test('each step stands in the journal, in order', async () => {
  using store = openStore();
  const { id } = store.create();
  await store.lane.clock.advance(5_000);
  store.tasks.remove(id);

  const steps = store.lane.journal.events().filter(({ type }) => type.startsWith('task.'));
  expect(steps).toMatchObject([
    { type: 'task.created', task: id, model: textOnly.model },
    { type: 'task.changed', task: id, from: 'queued', to: 'running' },
    { type: 'task.changed', task: id, from: 'running', to: 'succeeded' },
    { type: 'task.deleted', task: id },
  ]);
});

test('a change is in the journal before it has happened', () => {
  using store = openStore();
  const { id } = store.create();
  const seen: unknown[] = [];
  store.lane.journal.subscribe((event) => seen.push([event.type, store.statusOf(id)]));
  store.tasks.transition(id, 'running');
  expect(seen).toEqual([['task.changed', 'queued']]);
});

test('a task that fails says why, with a request id', async () => {
  using store = openStore({ tasks: { outcome: 'failed' } });
  const { id } = store.create();
  await store.lane.clock.advance(5_000);
  expect(store.tasks.get(id)).toMatchObject({ status: 'failed', error: { code: 'InternalServiceError' } });
  expect(store.tasks.get(id)?.error?.message).toMatch(
    /^The service encountered an unexpected internal error\. Request id: 02\d{13}[0-9a-f]{38}$/,
  );
});

test('a fault may fail one task, by model and prompt, and is asked once', async () => {
  using store = openStore({
    faults: [
      {
        name: 'storms fail',
        on: 'task',
        match: { model: 'doubao-*', prompt: '*storm*' },
        inject: [{ fail: { code: 'OutputVideoSensitiveContentDetected' } }],
      },
    ],
  });
  const calm = store.create();
  const storm = store.create({ content: [{ type: 'text', text: 'A storm at sea.' }] });
  await store.lane.clock.advance(5_000);

  expect(store.statusOf(calm.id)).toBe('succeeded');
  expect(store.tasks.get(storm.id)?.error?.code).toBe('OutputVideoSensitiveContentDetected');
  expect(store.lane.journal.events('fault.injected')).toMatchObject([{ fault: 'storms fail', task: storm.id }]);
});

test.each(['queued', 'running'] as const)('a task stuck in %s leaves it only by expiring', async (stuckIn) => {
  using store = openStore({ faults: [{ name: 'stuck', on: 'task', inject: [{ stick: { in: stuckIn } }] }] });
  const { id, createdAtMs } = store.create({ execution_expires_after: 7_200 });
  await store.lane.clock.advance(2 * HOUR_MS - 1);
  expect(store.statusOf(id)).toBe(stuckIn);
  await store.lane.clock.advance(1);
  expect(store.tasks.get(id)).toMatchObject({ status: 'expired', updatedAtMs: createdAtMs + 2 * HOUR_MS });
});

test('DELETE cancels a queued task, which never runs and is gone a day later', async () => {
  using store = openStore();
  const { id } = store.create();
  store.tasks.remove(id);
  expect(store.statusOf(id)).toBe('cancelled');
  await store.lane.clock.advance(CANCELLED_KEPT_MS - 1);
  expect(store.statusOf(id)).toBe('cancelled');
  await store.lane.clock.advance(1);
  expect(store.statusOf(id)).toBeUndefined();
});

test('a record is gone after seven days', async () => {
  using store = openStore();
  const { id } = store.create();
  await store.lane.clock.advance(RECORD_KEPT_MS);
  expect(store.tasks.all()).toHaveLength(1);
  await store.lane.clock.advance(1);
  expect(store.statusOf(id)).toBeUndefined();
  expect(store.tasks.all()).toHaveLength(0);
  expect(() => store.tasks.remove(id)).toThrow(expect.objectContaining({ code: 'ResourceNotFound' }));
});

const legal = [
  'queued>running',
  'queued>cancelled',
  'queued>expired',
  'running>succeeded',
  'running>failed',
  'running>expired',
];
const ways = { queued: [], running: ['running'], cancelled: ['cancelled'], expired: ['expired'] };
const reach = { ...ways, succeeded: ['running', 'succeeded'], failed: ['running', 'failed'] } as const;
const arrows = taskStatuses.flatMap((from) => taskStatuses.map((to) => [from, to] as const));

test.each(arrows)('by hand from %s to %s, if there is such an arrow', (from, to) => {
  using store = openStore();
  const { id } = store.create();
  for (const step of reach[from]) store.tasks.transition(id, step);

  if (legal.includes(`${from}>${to}`)) expect(store.tasks.transition(id, to).status).toBe(to);
  else expect(() => store.tasks.transition(id, to)).toThrow(UsageError);
});

test('a task moved on by hand goes on by itself from there', async () => {
  using store = openStore();
  const { id } = store.create();
  store.tasks.transition(id, 'running');
  await store.lane.clock.advance(3_999);
  expect(store.statusOf(id)).toBe('running');
  await store.lane.clock.advance(1);
  expect(store.statusOf(id)).toBe('succeeded');
});

test('by hand, an unknown task or status is told with the way out', () => {
  using store = openStore();
  const { id } = store.create();
  expect(() => store.tasks.transition('cgt-none', 'running')).toThrow('There is no task "cgt-none".');
  expect(() => store.tasks.transition(id, 'done')).toThrow(
    'A task that is queued cannot become "done"; it can become: running, cancelled, expired.',
  );
});

test('the newest task comes first, and no two ids are alike', async () => {
  using store = openStore();
  const first = store.create();
  await store.lane.clock.advance(1_000);
  const second = store.create();
  expect(store.tasks.all().map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(new Set(Array.from({ length: 1_000 }, () => store.create().id)).size).toBe(1_000);
});

test('an id carries the time of China, and a kind of its own in the offline tier', () => {
  using store = openStore();
  expect(store.create().id).toMatch(/^cgt-\d{14}-[a-z0-9]{5}$/);
  const flex = { model: 'seedance-1-5-pro-251215', service_tier: 'flex' };
  expect(store.create(flex).id).toMatch(/^cgt-batch-\d{14}-[a-z0-9]{5}$/);
});

test('the same seed makes the same choices', () => {
  const choices = () => {
    using store = openStore({ seed: 11 });
    return store.create({ duration: -1 }).chosen;
  };
  expect(choices()).toEqual(choices());
});

test('what the request leaves open is chosen within the range of the model, what it says is kept', () => {
  using store = openStore();
  for (let round = 0; round < 100; round++) {
    const { seed, length } = store.create({ duration: -1 }).chosen;
    expect(seed).toSatisfy((value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31);
    expect(length).toSatisfy(({ seconds }: { seconds: number }) => seconds >= 4 && seconds <= 15);
  }
  expect(store.create({ seed: 11, duration: 9 }).chosen).toEqual({ seed: 11, length: { seconds: 9 } });
});

test('the oldest task that is over makes room; without one, a new task is refused', () => {
  using store = openStore();
  const [oldest, over] = Array.from({ length: MAX_TASKS }, () => store.create());
  expect(() => store.create()).toThrow(
    expect.objectContaining<Partial<ArkError>>({ code: 'QuotaExceeded', status: 429 }),
  );

  store.tasks.remove(over?.id ?? '');
  const newest = store.create();
  expect(store.statusOf(over?.id ?? '')).toBeUndefined();
  expect(store.statusOf(oldest?.id ?? '')).toBe('queued');
  expect(store.statusOf(newest.id)).toBe('queued');
});

test('a create that a limit refuses takes no task away', async () => {
  using store = openStore();
  const [oldest] = Array.from({ length: MAX_TASKS }, () => store.create());
  await store.lane.clock.advance(5_000);
  store.lane.load(() => loadScenario({ limits: { createPerMinute: 0 } }));
  expect(() => store.create()).toThrow(expect.objectContaining({ code: 'ModelAccountRpmRateLimitExceeded' }));
  expect(store.statusOf(oldest?.id ?? '')).toBe('succeeded');
});

test('clear forgets everything, and nothing happens afterwards', async () => {
  using store = openStore();
  const { id } = store.create();
  store.tasks.clear();
  const { seq } = store.lane.journal;
  await store.lane.clock.advance(72 * HOUR_MS);
  expect(store.statusOf(id)).toBeUndefined();
  expect(store.lane.journal.seq).toBe(seq);
});

const oneWorker = (more: object = {}): ScenarioInput => ({
  tasks: { queued: '0s', running: '4s' },
  faults: [{ name: 'one worker', on: 'task', inject: [{ dispatcher: { workers: 1, ...more } }] }],
});

test('a task that is cancelled while it waits leaves its place to the next', async () => {
  using store = openStore(oneWorker());
  const ids: string[] = [];
  for (let nth = 0; nth < 3; nth++) ids.push(store.create().id);
  await store.lane.clock.advance(0);
  store.tasks.remove(ids[1] ?? '');
  await store.lane.clock.advance(4_000);
  expect(ids.map(store.statusOf)).toEqual(['succeeded', 'cancelled', 'running']);
});

test('a task that was dropped can be moved by hand, and runs then', async () => {
  using store = openStore(oneWorker({ queueTimeout: '50ms' }));
  const ids = [store.create().id, store.create().id];
  await store.lane.clock.advance(60);
  expect(store.lane.journal.events('task.dropped')).toMatchObject([{ task: ids[1], tries: 1 }]);
  store.tasks.transition(ids[1] ?? '', 'running');
  await store.lane.clock.advance(4_000);
  expect(ids.map(store.statusOf)).toEqual(['succeeded', 'succeeded']);
});

test('`slow` keeps a worker busy for longer, whatever the order of the two', async () => {
  for (const slowFirst of [true, false]) {
    const dispatcher = { dispatcher: { workers: 1, serviceTime: '1s' } } as const;
    const inject = slowFirst ? [{ slow: { factor: 3 } }, dispatcher] : [dispatcher, { slow: { factor: 3 } }];
    using store = openStore({ tasks: { queued: '0s' }, faults: [{ on: 'task', inject }] });
    const ids = [store.create().id, store.create().id];
    await store.lane.clock.advance(3_000);
    expect(ids.map(store.statusOf)).toEqual(['succeeded', 'running']);
  }
});

test('clear starts none of the tasks that waited', async () => {
  using store = openStore(oneWorker());
  for (let nth = 0; nth < 3; nth++) store.create();
  await store.lane.clock.advance(0);
  const { seq } = store.lane.journal;
  store.tasks.clear();
  await store.lane.clock.advance(72 * HOUR_MS);
  expect(store.lane.journal.seq).toBe(seq);
});

test('a task that is hidden is no secret to whoever runs the server', async () => {
  using store = openStore({ faults: [{ on: 'task', inject: [{ vanish: { for: '2s' } }] }] });
  const { id } = store.create();
  expect(store.tasks.show(id)).toBeUndefined();
  expect(store.tasks.listed()).toEqual([]);
  expect(() => store.tasks.remove(id)).toThrow(expect.objectContaining({ code: 'ResourceNotFound' }));
  expect(store.tasks.all()).toHaveLength(1);
  expect(store.tasks.transition(id, 'running').status).toBe('running');
  await store.lane.clock.advance(2_000);
  expect(store.tasks.show(id)?.status).toBe('running');
});

test('a task that nobody has seen running does not go back to queued', async () => {
  using store = openStore({ tasks: { queued: '1s', running: '4s' }, faults: [{ on: 'task', inject: ['regress'] }] });
  const [seen, unseen] = [store.create().id, store.create().id];
  await store.lane.clock.advance(1_000);
  expect(store.tasks.show(seen)?.status).toBe('running');
  await store.lane.clock.advance(4_000);
  const looks = (id: string) => [1, 2, 3].map(() => store.tasks.show(id)?.status);
  expect(looks(seen)).toEqual(['queued', 'succeeded', 'succeeded']);
  expect(looks(unseen)).toEqual(['succeeded', 'succeeded', 'succeeded']);
});
