import { expect, test } from 'vitest';
import { type Applicant, Places } from './places.ts';

/** Writes down who begins, in order. */
function open(limit = 1) {
  const places = new Places();
  const begun: string[] = [];
  let allowed = limit;
  const applicant = (name: string, priority = 0, pool = 'a'): Applicant => ({
    pool,
    priority,
    allowed: () => allowed,
    begin: () => begun.push(name),
  });
  return { places, begun, applicant, allow: (count: number) => (allowed = count) };
}

test('so many run, the others wait in the order of coming', () => {
  const { places, begun, applicant } = open(2);
  const all = ['1', '2', '3', '4'].map((name) => applicant(name));
  for (const one of all) places.apply(one);
  expect(begun).toEqual(['1', '2']);
  for (const one of all.slice(0, 2)) places.leave(one);
  expect(begun).toEqual(['1', '2', '3', '4']);
});

test('a higher priority goes before those that wait, and interrupts nobody', () => {
  const { places, begun, applicant } = open();
  const running = applicant('running');
  places.apply(running);
  for (const [name, priority] of [
    ['low', 0],
    ['high', 9],
    ['middle', 5],
    ['high too', 9],
  ] as const)
    places.apply(applicant(name, priority));
  expect(begun).toEqual(['running']);
  places.leave(running);
  expect(begun).toEqual(['running', 'high']);
});

test('within one priority first come is first served', () => {
  const { places, begun, applicant, allow } = open(0);
  for (const name of ['1', '2']) places.apply(applicant(name, 9));
  places.apply(applicant('3', 1));
  allow(3);
  places.look();
  expect(begun).toEqual(['1', '2', '3']);
});

test('who leaves the line is not called', () => {
  const { places, begun, applicant } = open();
  const [first, second, third] = [applicant('1'), applicant('2'), applicant('3')];
  for (const one of [first, second, third]) places.apply(one);
  places.leave(second);
  places.leave(first);
  expect(begun).toEqual(['1', '3']);
});

test('who is let past the line fills a place, and is not called', () => {
  const { places, begun, applicant } = open();
  const [first, second, third] = [applicant('1'), applicant('2'), applicant('3')];
  for (const one of [first, second, third]) places.apply(one);
  places.take(second);
  places.leave(first);
  expect(begun).toEqual(['1']);
  places.leave(second);
  expect(begun).toEqual(['1', '3']);
});

test('pools do not see each other', () => {
  const { places, begun, applicant } = open();
  places.apply(applicant('a', 0, 'a'));
  places.apply(applicant('b', 0, 'b'));
  expect(begun).toEqual(['a', 'b']);
});
