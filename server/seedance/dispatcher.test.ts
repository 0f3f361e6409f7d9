import { expect, test } from 'vitest';
import type { Workers } from '../faults/plans.ts';
import { Lane } from '../lane.ts';
import { loadScenario } from '../scenario/load.ts';
import { Dispatcher, type Job, UNLIMITED } from './dispatcher.ts';

/** A dispatcher on a manual clock, and a diary of what it does, with the time. */
function open(setting: Partial<Workers> = {}) {
  const { clock, journal } = new Lane('test', loadScenario({ clock: { mode: 'manual' } }));
  const dispatcher = new Dispatcher({ clock, journal }, { ...UNLIMITED, workers: 2, ...setting });
  const diary: string[] = [];
  const startMs = clock.now();
  const note = (text: string) => diary.push(`${clock.now() - startMs} ${text}`);
  journal.subscribe((event) => {
    if (event.type.startsWith('task.') && event.type !== 'task.dropped')
      note(`${'task' in event ? event.task : ''} ${event.type.slice(5)}`);
    if (event.type === 'workers.lost') note(`lost ${event.lost} of ${event.of}: ${event.tasks}`);
    if (event.type === 'workers.back') note(`back ${event.back}`);
  });
  const job = (task: string, serviceMs = 1_000): Job => ({
    task,
    serviceMs,
    begin: () => note(`${task} begins`),
    finish: () => note(`${task} ends`),
    fail: () => note(`${task} fails`),
    // The journal has it before the job hears of it.
    drop: () => journal.events('task.dropped').some((event) => event.task === task) && note(`${task} dropped`),
  });
  return { clock, dispatcher, diary, job };
}

test('first come, first served', async () => {
  const { clock, dispatcher, diary, job } = open();
  for (const task of ['a', 'b', 'c', 'd']) dispatcher.offer(job(task, task === 'a' ? 500 : 1_000));
  await clock.advance(2_000);
  expect(diary).toEqual([
    '0 a begins',
    '0 b begins',
    '500 a ends',
    '500 c begins',
    '1000 b ends',
    '1000 d begins',
    '1500 c ends',
    '2000 d ends',
  ]);
});

test('without a limit each finds a worker', () => {
  const { dispatcher, diary, job } = open(UNLIMITED);
  for (const task of ['a', 'b', 'c']) dispatcher.offer(job(task));
  expect(diary).toEqual(['0 a begins', '0 b begins', '0 c begins']);
});

test('one that finds no worker in time is dropped, to the millisecond', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1, queueTimeoutMs: 50 });
  dispatcher.offer(job('a', 49));
  dispatcher.offer(job('b', 51));
  dispatcher.offer(job('c'));
  await clock.advance(5_000);
  expect(diary).toEqual(['0 a begins', '49 a ends', '49 b begins', '50 c dropped', '100 b ends']);
});

test('with tries left it pauses, and is dropped after the last', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1, queueTimeoutMs: 50, tries: 2, pauseMs: 100 });
  dispatcher.offer(job('a', Number.POSITIVE_INFINITY));
  dispatcher.offer(job('b'));
  await clock.advance(5_000);
  expect(diary).toEqual(['0 a begins', '50 b retried', '200 b dropped']);
});

test('one that pauses does not see a worker that is free meanwhile', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1, queueTimeoutMs: 50, tries: 2, pauseMs: 100 });
  dispatcher.offer(job('a', 60));
  dispatcher.offer(job('b'));
  await clock.advance(70);
  dispatcher.offer(job('c', 10));
  await clock.advance(80);
  expect(diary).toEqual(['0 a begins', '50 b retried', '60 a ends', '70 c begins', '80 c ends', '150 b begins']);
});

test('what is withdrawn is never run, and its worker takes the next', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1, queueTimeoutMs: 500, tries: 2, pauseMs: 100 });
  const [a, b, c] = [job('a'), job('b'), job('c')];
  for (const each of [a, b, c]) dispatcher.offer(each);
  dispatcher.withdraw(b);
  dispatcher.withdraw(a);
  await clock.advance(5_000);
  expect(diary).toEqual(['0 a begins', '0 c begins', '1000 c ends']);

  dispatcher.offer(a);
  dispatcher.offer(b);
  await clock.advance(550);
  dispatcher.withdraw(b);
  await clock.advance(5_000);
  expect(diary.slice(3)).toEqual(['5000 a begins', '5500 b retried', '6000 a ends']);
});

test('one that is run by hand passes the queue, and takes no worker from it', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1 });
  const urgent = job('urgent', 10);
  for (const each of [job('a'), job('b'), urgent]) dispatcher.offer(each);
  dispatcher.run(urgent);
  await clock.advance(2_000);
  expect(diary).toEqual([
    '0 a begins',
    '0 urgent begins',
    '10 urgent ends',
    '1000 a ends',
    '1000 b begins',
    '2000 b ends',
  ]);
});

test('workers that are lost take their tasks with them, which fail in the end', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 3 });
  for (const task of ['a', 'b', 'c', 'd', 'e']) dispatcher.offer(job(task));
  dispatcher.lose({ share: 0.6, forMs: 5_000, then: 'fail', roll: 0.9 });
  await clock.advance(7_000);
  expect(diary.slice(3)).toEqual([
    '0 lost 2 of 3: c,a',
    '1000 b ends',
    '1000 d begins',
    '2000 d ends',
    '2000 e begins',
    '3000 e ends',
    '5000 back 2',
    '5000 c fails',
    '5000 a fails',
  ]);
});

test('or move, before all that wait, and start anew', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1 });
  for (const task of ['a', 'b']) dispatcher.offer(job(task));
  await clock.advance(900);
  dispatcher.lose({ share: 0.01, forMs: 5_000, then: 'move', roll: 0 });
  await clock.advance(8_000);
  expect(diary).toEqual([
    '0 a begins',
    '900 lost 1 of 1: a',
    '5900 back 1',
    '5900 a moved',
    '6900 a ends',
    '6900 b begins',
    '7900 b ends',
  ]);
});

test('a task can be over before its worker is back', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1 });
  const [a, b] = [job('a'), job('b')];
  dispatcher.offer(a);
  dispatcher.offer(b);
  dispatcher.lose({ share: 1, forMs: 5_000, then: 'fail', roll: 0 });
  dispatcher.withdraw(a);
  await clock.advance(6_000);
  expect(diary).toEqual(['0 a begins', '0 lost 1 of 1: a', '5000 back 1', '5000 b begins', '6000 b ends']);
});

test('a second loss finds only those that are left', async () => {
  const { clock, dispatcher, diary } = open();
  const loss = { share: 1, forMs: 1_000, then: 'fail', roll: 0.5 } as const;
  dispatcher.lose({ ...loss, share: 0.5 });
  dispatcher.lose(loss);
  dispatcher.lose(loss);
  await clock.advance(1_000);
  expect(diary).toEqual([
    '0 lost 1 of 2: ',
    '0 lost 1 of 2: ',
    '0 lost 0 of 2: ',
    '1000 back 1',
    '1000 back 1',
    '1000 back 0',
  ]);
});

test('after clear nothing happens any more, and all workers are there', async () => {
  const { clock, dispatcher, diary, job } = open({ workers: 1, queueTimeoutMs: 50 });
  dispatcher.offer(job('a'));
  dispatcher.offer(job('b'));
  dispatcher.lose({ share: 1, forMs: 5_000, then: 'fail', roll: 0 });
  dispatcher.clear();
  await clock.advance(10_000);
  dispatcher.offer(job('c'));
  expect(diary).toEqual(['0 a begins', '0 lost 1 of 1: a', '10000 c begins']);
});
