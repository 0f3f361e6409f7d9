import { expect, test } from 'vitest';
import { rows } from './corpus.ts';
import { type Choice, ciChoices } from './plan.ts';
import { differences } from './report.ts';
import { languages, nameOf } from './row.ts';
import { runPlan } from './run-plan.ts';
import { renderTable } from './table.ts';

/** Far more than a slow machine takes for all rows. */
const LIMIT_MS = 900_000;

test('the corpus has 120 rows or more, 60 in Node and 30 each in Python and Go', () => {
  const counts = languages.map((language) => rows.filter((row) => row.language === language).length);
  expect(rows.length).toBeGreaterThanOrEqual(120);
  expect(counts.map((count, index) => count >= (index === 0 ? 60 : 30))).toEqual([true, true, true]);
  expect(new Set(rows.map(nameOf)).size).toBe(rows.length);
});

test('the table is what the corpus says', () => expect(renderTable()).toMatchFileSnapshot('./README.md'));

test.each(ciChoices)(
  '$mode: each verdict is right, but for those that are known to be wrong today',
  { timeout: LIMIT_MS },
  async (choice) => expect(await steadyDifferences(choice)).toEqual([]),
);

/** The row that a difference is about. */
const rowOf = (difference: string): string => difference.split(' ').find((word) => word.includes('/')) ?? difference;

/** What differs in each of three runs: what a busy machine decides once, it does not decide three times. */
async function steadyDifferences(choice: Choice): Promise<readonly string[]> {
  let left = differences(await runPlan(choice));
  for (let again = 1; again <= 2 && left.length > 0; again++) {
    const seen: string[] = [];
    for (const only of new Set(left.map(rowOf))) seen.push(...differences(await runPlan({ ...choice, only })));
    left = seen.filter((difference) => left.some((one) => rowOf(one) === rowOf(difference)));
  }
  return left;
}
