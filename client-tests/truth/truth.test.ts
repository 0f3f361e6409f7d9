import { expect, test } from 'vitest';
import { rows } from './corpus.ts';
import { ciChoices } from './plan.ts';
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
  async (choice) => expect(differences(await runPlan(choice))).toEqual([]),
);
