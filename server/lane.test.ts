import { expect, test } from 'vitest';
import { Lane } from './lane.ts';
import { loadScenario } from './scenario/load.ts';

test('a scenario taken into force brings its clock along, and leaves the clock alone when it names none', async () => {
  const lane = new Lane('main', loadScenario('clock: { mode: manual }'));

  lane.load(() => loadScenario('name: next'));
  expect(lane.clock.mode).toBe('manual');

  lane.load(() => loadScenario('clock: { speed: 20 }'));
  expect(lane.clock).toMatchObject({ mode: 'real', speed: 20 });
});

test('a seed is chosen, kept over scenarios that name none, and replaced by one that does', () => {
  const lane = new Lane('main', loadScenario(''));
  const chosen = lane.seed;

  lane.load(() => loadScenario('name: next'));
  expect(lane.seed).toBe(chosen);

  lane.load(() => loadScenario('seed: 7'));
  expect(lane.seed).toBe(7);
});

test('a fault that has no effect here is neither noted nor blamed', () => {
  const lane = new Lane('main', loadScenario('faults: [{ name: full, on: accept, inject: [{ limit: { max: 1 } }] }]'));

  expect(lane.strike('accept', { connection: 1 }, { plan: {}, openConnections: 1 })).toEqual([]);
  expect(lane.strike('accept', { connection: 2 }, { plan: {}, openConnections: 2 })).toEqual(['full']);

  expect(lane.journal.events('fault.injected')).toMatchObject([{ fault: 'full', connection: 2, ordinal: 2 }]);
});

test('a lane that starts over has the faults of its scenario armed, and names those that never strike', () => {
  const lane = new Lane('main', loadScenario('faults: [{ name: late, on: task, when: { nth: 9 }, inject: [fail] }]'));
  const never = [{ fault: 'late', reason: expect.stringMatching(/^strikes the 9th task: .*; no tasks came$/) }];
  expect(lane.verdict().report.neverStruck).toEqual(never);

  lane.restart();

  expect(lane.journal.events().map(({ type }) => type)).toEqual(['scenario.loaded', 'lane.reset', 'scenario.loaded']);
  expect(lane.verdict().report.neverStruck).toEqual(never);
});
