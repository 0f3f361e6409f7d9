import { expect, test } from 'vitest';
import { loadScenario } from '../../server/scenario/load.ts';
import { rows } from './corpus.ts';
import { isThere } from './needs.ts';
import { ciChoices, planOf } from './plan.ts';
import { detailOf, listOf, modes, nameOf, outcomeOf } from './row.ts';
import { partOf } from './run-rows.ts';
import { checksOf, requiredIn, runsIn, sceneOf } from './scene.ts';
import { wrongToday } from './wrong-today.ts';

const namesOf = (choice: Parameters<typeof planOf>[0]) => planOf(choice).map((group) => group.map(nameOf));

test.each(modes)('%s: the scenario of every row can be loaded', (mode) => {
  for (const group of planOf({ mode, seed: 1 })) {
    const parts = group.map((row) => partOf(row, mode));
    expect(() => loadScenario(sceneOf(parts, mode))).not.toThrow();
  }
});

test('the same seed draws the same rows, another one others', () => {
  const draw = (seed: number) => namesOf({ mode: 'copies', seed, share: 0.2 });
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1).length).toBeGreaterThan(planOf({ mode: 'copies', seed: 1 }).length * 0.1);
});

test('CI runs all rows alone', () => {
  const [alone] = ciChoices;
  expect(alone && namesOf(alone).flat()).toEqual(rows.filter((row) => runsIn(row, 'alone')).map(nameOf));
});

test('rows that share a lane set each check in the same way', () => {
  for (const group of planOf({ mode: 'parallel', seed: 1 })) {
    const settings = group.flatMap((row) => checksOf(row).map((check) => [check, JSON.stringify(row.params?.[check])]));
    for (const [check, own] of settings)
      expect(settings.filter(([other]) => other === check).every(([, others]) => others === own)).toBe(true);
  }
});

test('each copy has faults of its own', () => {
  const row = rows.find(({ name }) => name === 'lost-create-repeated');
  const scene = row && JSON.parse(sceneOf([partOf(row, 'copies')], 'copies'));
  expect(scene.faults.map(({ match }: { match: { headers: object } }) => match.headers)).toEqual(
    [1, 2, 3, 4, 5, 6].map((copy) => ({ 'x-truth-process': `lost-create-repeated/node#${copy}` })),
  );
});

test('a check that exists is there, and one that does not is not yet', () => {
  expect(isThere('backoff')).toBe(true);
  expect(isThere('no-such-check')).toBe(false);
});

test('each requirement that may be inconclusive has a reason, in every mode', () => {
  const wants = rows.flatMap((row) => modes.flatMap((mode) => Object.values(requiredIn(row, mode)).flatMap(listOf)));
  const unsure = wants.filter((want) => outcomeOf(want) === 'inconclusive');
  expect(unsure.filter((want) => (detailOf(want) ?? '').length < 10)).toEqual([]);
});

test('what is wrong today names rows and checks of the corpus', () => {
  const isKnown = ({ row, check }: (typeof wrongToday)[number]) =>
    rows.some((one) => nameOf(one) === row && modes.some((mode) => check in requiredIn(one, mode)));
  expect(wrongToday.filter((entry) => !isKnown(entry))).toEqual([]);
});
