import { expect, test } from 'vitest';
import { Lane } from '../lane.ts';
import { loadScenario, type ScenarioInput } from '../scenario/load.ts';
import { MAX_HELD_TRIES, type Pass, Rotation, TIMEOUTS_IN_A_ROW } from './callback-rotation.ts';

const SHOP = 'http://shop.test:8080';

/** A rotation on a clock that stands still. `names` is the order in which those that waited were let go. */
function openRotation(callbacks: ScenarioInput['callbacks'] = {}) {
  const lane = new Lane('test', loadScenario({ seed: 7, callbacks, clock: { mode: 'manual' } }));
  const rotation = new Rotation(lane);
  const names: string[] = [];
  /** Asks for leave that is given at once. */
  const pass = async (receiver = SHOP): Promise<Pass> => {
    const given = await rotation.enter(receiver, (place) => expect.fail(`held as number ${place}`));
    return typeof given === 'string' ? expect.fail(given) : given;
  };
  /** Asks for leave and waits for it; what comes of the try is said as soon as it is given. */
  const queue = async (name: string, outcome: Parameters<Pass['settle']>[0]) => {
    const given = await rotation.enter(SHOP, () => {});
    names.push(typeof given === 'string' ? `${name} ${given}` : name);
    if (typeof given !== 'string') given.settle(outcome);
  };
  const timeOut = async (times: number, receiver = SHOP) => {
    for (let time = 0; time < times; time++) (await pass(receiver)).settle('timed-out');
  };
  const told = () =>
    lane.journal.events().flatMap((event) => {
      if (event.type === 'receiver.paused') return [`paused after ${event.timeouts} for ${event.pauseMs}`];
      return event.type === 'receiver.resumed' ? [`resumed after ${event.outMs}, ${event.held} waited`] : [];
    });
  return { lane, rotation, names, pass, queue, timeOut, told };
}

test('D4: the fifth time-out in a row takes a receiver out of rotation', async () => {
  const { timeOut, told } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW - 1);
  expect(told()).toEqual([]);
  await timeOut(1);
  expect(told()).toEqual(['paused after 5 for 30000']);
});

test.each(['answered', 'failed'] as const)('one that %s in between starts the row anew', async (outcome) => {
  const { pass, timeOut, told } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW - 1);
  (await pass()).settle(outcome);
  await timeOut(TIMEOUTS_IN_A_ROW - 1);
  expect(told()).toEqual([]);
});

test('each receiver has a row of its own', async () => {
  const { lane, pass, timeOut } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW - 1, 'http://a.test');
  await timeOut(TIMEOUTS_IN_A_ROW, 'http://b.test');
  expect(lane.journal.events('receiver.paused').map(({ receiver }) => receiver)).toEqual(['http://b.test']);
  expect((await pass('http://a.test')).holds()).toBe(true);
});

test('the first try after the pause decides: an answer lets the others go, in their order', async () => {
  const { lane, names, queue, timeOut, told } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW);
  const all = ['first', 'second', 'third'].map((name) => queue(name, 'answered'));
  await lane.clock.advance(29_999);
  expect(names).toEqual([]);
  await lane.clock.advance(1);
  await Promise.all(all);
  expect(names).toEqual(['first', 'second', 'third']);
  expect(told()).toEqual(['paused after 5 for 30000', 'resumed after 30000, 2 waited']);
});

test.each([
  ['timed-out', 6],
  ['failed', 5],
] as const)('no answer to it (%s) is another pause for all', async (outcome, timeouts) => {
  const { lane, names, queue, timeOut, told } = openRotation({ pause: '10s' });
  await timeOut(TIMEOUTS_IN_A_ROW);
  const all = [queue('first', outcome), queue('second', 'answered')];
  await lane.clock.advance(10_000);
  expect(names).toEqual(['first']);
  await lane.clock.advance(9_999);
  expect(names).toEqual(['first']);
  await lane.clock.advance(1);
  await Promise.all(all);
  expect(names).toEqual(['first', 'second']);
  expect(told()).toEqual([
    'paused after 5 for 10000',
    `paused after ${timeouts} for 10000`,
    'resumed after 20000, 0 waited',
  ]);
});

test('one that comes after the pause, when none waited, is the one that decides', async () => {
  const { lane, pass, names, queue, timeOut } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW);
  await lane.clock.advance(60_000);
  const probe = await pass();
  const other = queue('other', 'answered');
  expect(probe.holds()).toBe(true);
  expect(names).toEqual([]);
  probe.settle('answered');
  await other;
  expect(names).toEqual(['other']);
});

test('what was sent before the pause decides nothing, and leave from then does not hold', async () => {
  const { lane, pass, timeOut, told } = openRotation();
  const early = await pass();
  await timeOut(TIMEOUTS_IN_A_ROW);
  expect(early.holds()).toBe(false);
  early.settle('answered');
  await lane.clock.advance(30_000);
  const probe = await pass();
  early.settle('timed-out');
  probe.settle('answered');
  expect(told()).toEqual(['paused after 5 for 30000', 'resumed after 30000, 0 waited']);
  expect(early.holds()).toBe(true);
});

test('only so many wait for one receiver', async () => {
  const { rotation, timeOut } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW);
  const places: number[] = [];
  const waiting = Array.from({ length: MAX_HELD_TRIES }, () => rotation.enter(SHOP, (place) => places.push(place)));
  expect(await rotation.enter(SHOP, () => expect.fail('held'))).toBe('full');
  expect(places.at(-1)).toBe(MAX_HELD_TRIES);
  rotation.clear();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['called-off']));
});

test('`pause: 0s` never takes one out', async () => {
  const { timeOut, told } = openRotation({ pause: '0s' });
  await timeOut(20);
  expect(told()).toEqual([]);
});

test('`clear` lets everybody back in, and their rows start anew', async () => {
  const { rotation, pass, timeOut, told } = openRotation();
  await timeOut(TIMEOUTS_IN_A_ROW);
  rotation.clear();
  expect((await pass()).holds()).toBe(true);
  await timeOut(TIMEOUTS_IN_A_ROW - 1);
  expect(told()).toHaveLength(1);
});
