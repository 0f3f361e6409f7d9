import { expect, test } from 'vitest';
import type { JournalEvent } from '../journal.ts';
import { Connection, Request } from './facts.ts';
import { Sightings } from './sightings.ts';
import { creates, looks, merge, moves, opens, type Step, tell } from './testing.ts';

/** The tasks that were seen as over. */
function seenIn(...steps: readonly Step[]): readonly string[] {
  const sightings = new Sightings();
  const asked = new Map<number, JournalEvent<'request.received'>>();
  const seen = new Set<string>();
  for (const event of tell(merge(opens(0, 1), steps)).events()) {
    sightings.learn(event);
    if (event.type === 'request.received') asked.set(event.request, event);
    if (event.type !== 'response.sent') continue;
    const received = asked.get(event.request);
    if (!received) continue;
    const request = Object.assign(new Request(new Connection(1), received), { answer: event });
    for (const task of sightings.shownAsOver(request)) seen.add(task);
  }
  return [...seen];
}

/** A task that is over at 1000 ms. */
const runs = (task: string, at = 0): readonly Step[] => [creates(at, task), moves(1_000, task, 'succeeded')];

test('a Get shows the task that it names, and what is below it does not', () => {
  const both = [...runs('cgt-1'), ...runs('cgt-2')];
  expect(seenIn(...both, ...looks(1_001, '/cgt-1'))).toEqual(['cgt-1']);
  expect(seenIn(...both, ...looks(1_001, '/cgt-1?a=1'))).toEqual(['cgt-1']);
  expect(seenIn(...both, ...looks(1_001, '/cgt-1/video'))).toEqual([]);
});

test('a Get that was under way at the end shows it, unless it is shown the task as it stood before', () => {
  const under = [creates(0, 'cgt-1'), ...looks(995, '/cgt-1'), moves(1_000, 'cgt-1', 'succeeded')];
  const regresses = (at: number, task: string): Step => [
    at,
    { type: 'task.regressed', task, from: 'succeeded', to: 'running' },
  ];
  expect(seenIn(...under)).toEqual(['cgt-1']);
  expect(seenIn(...under, regresses(1_002, 'cgt-1'))).toEqual([]);
  expect(seenIn(...under, regresses(1_002, 'cgt-1'), ...looks(2_000, '/cgt-1'))).toEqual(['cgt-1']);
  expect(seenIn(...under, regresses(1_002, 'cgt-2'))).toEqual(['cgt-1']);
  expect(seenIn(...under, regresses(1_010, 'cgt-1'))).toEqual(['cgt-1']);
});

test('what is not over yet is not seen to its end', () =>
  expect(seenIn(...runs('cgt-1'), ...looks(500, '/cgt-1'), ...looks(600, ''))).toEqual([]));

test.each([
  ['', ['cgt-2', 'cgt-1']],
  ['/', ['cgt-2', 'cgt-1']],
  ['?', ['cgt-2', 'cgt-1']],
  ['?filter.status=succeeded', ['cgt-2', 'cgt-1']],
  ['?filter.status=queued', []],
  ['?filter.task_ids=cgt-1', ['cgt-1']],
  ['?filter.task_ids=cgt-1&filter.task_ids=cgt-2', ['cgt-2', 'cgt-1']],
  ['?filter.model=seedance', ['cgt-2', 'cgt-1']],
  ['?filter.model=another', []],
  ['?filter.model=ep-20260416234150-zsd4v', ['cgt-2', 'cgt-1']],
  ['?filter.service_tier=flex', ['cgt-batch-3']],
  ['?page_size=1', ['cgt-2']],
  ['?page_size=1&page_num=2', ['cgt-1']],
  ['?page_num=2', []],
])('GET tasks%s shows %j', (query, tasks) =>
  expect(seenIn(...runs('cgt-1', 1), ...runs('cgt-2', 2), ...runs('cgt-batch-3', 3), ...looks(1_001, query))).toEqual(
    tasks,
  ),
);

test('what a fault said in place of the service shows nothing', () => {
  const [asked, [at, answer]] = looks(1_001, '/cgt-1') as [Step, Step];
  const altered: Step = [at, { ...answer, altered: true } as Step[1]];
  expect(seenIn(...runs('cgt-1'), asked, altered)).toEqual([]);
});

test('a page has 20 tasks, and what was deleted makes room on it', () => {
  const all = Array.from({ length: 21 }, (_, index) => runs(`cgt-${index}`, index)).flat();
  expect(seenIn(...all, ...looks(1_001, ''))).toHaveLength(20);
  expect(seenIn(...all, ...looks(1_001, ''))).not.toContain('cgt-0');
  expect(seenIn(...all, [1_000, { type: 'task.deleted', task: 'cgt-9' }], ...looks(1_001, ''))).toContain('cgt-0');
});
