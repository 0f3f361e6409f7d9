import { expect, test } from 'vitest';
import { Adoptions } from './adoptions.ts';
import { Connection, Request } from './facts.ts';
import { asks, creates, opens, resets, type Step, TASKS, tell } from './testing.ts';

const learnt = (...steps: readonly Step[]): Adoptions => {
  const adoptions = new Adoptions();
  for (const event of tell(steps).events())
    if (event.type === 'request.received') adoptions.request(new Request(new Connection(event.connection), event));
    else adoptions.learn(event);
  return adoptions;
};
const loses = (number: number): readonly Step[] => [
  ...opens(number, number),
  asks(number, number, 1, { method: 'POST', path: TASKS }),
  creates(number, `cgt-${number}`, { connection: number, request: 1 }),
  resets(number, number, 1),
];

test('a client that loses creates and never looks for them is doubted for all but the only one', () => {
  const adoptions = learnt(...Array.from({ length: 1_000 }, (_, index) => loses(index + 1)).flat());
  const doubts = [1, 500, 1_000].map((number) => adoptions.doubtOf(`cgt-${number}`));
  expect(doubts).toEqual(Array(3).fill('another create was in flight'));
  expect(learnt(...loses(1)).doubtOf('cgt-1')).toBeUndefined();
});

test('a task that is settled is forgotten', () => {
  const adoptions = learnt(...loses(1), ...loses(2));
  adoptions.forget('cgt-1');
  expect(['cgt-1', 'cgt-2'].map((task) => adoptions.doubtOf(task))).toEqual([
    undefined,
    'another create was in flight',
  ]);
});
