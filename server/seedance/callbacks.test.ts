import { expect, test } from 'vitest';
import { Receiver } from '../../client-tests/typescript/support/receiver.ts';
import { Lane } from '../lane.ts';
import { loadScenario } from '../scenario/load.ts';
import { Callbacks } from './callbacks.ts';
import { readCreateRequest } from './create-request.ts';
import type { RenderTask } from './task-json.ts';
import { TaskStore } from './task-store.ts';
import { textOnly } from './testing.ts';

/** Creates a task whose body is made by `renderTask`, and lets it live to its end. */
async function announce(renderTask: RenderTask) {
  const lane = new Lane('test', loadScenario({ seed: 7, clock: { mode: 'manual' } }));
  const tasks = new TaskStore(lane);
  await using receiver = await Receiver.open();
  const callbacks = new Callbacks({ lane, tasks, renderTask });
  const { id } = tasks.create(readCreateRequest({ ...textOnly, callback_url: receiver.url }));
  await lane.clock.advance(60_000);
  await callbacks.close();
  const { status } = tasks.get(id) ?? {};
  tasks.close();
  return { lane, status, received: receiver.received };
}

test('an event that does not fit its schema is a bug of ours, and does not leave', async () => {
  const { lane, status, received } = await announce(() => Buffer.from('{"id":"cgt-1","colour":"blue"}'));
  expect(lane.journal.events('bug')).toHaveLength(3);
  expect(lane.journal.events('bug')[0]?.message).toMatch(
    /^callback of cgt-\S+ \(task.queued\) does not fit schema version 1: no field is called `colour`$/,
  );
  expect(lane.journal.events('callback.accepted')).toEqual([]);
  expect(received).toEqual([]);
  expect(status).toBe('succeeded');
});

test('a failure of ours while it is told does not hold up the task', async () => {
  const { lane, status } = await announce(() => {
    throw new Error('out of ink');
  });
  expect(lane.journal.events('bug')).toMatchObject(Array(3).fill({ message: 'out of ink' }));
  expect(status).toBe('succeeded');
});
