import { detailOf, listOf, outcomeOf, type Wants } from './row.ts';
import type { Found, RowResult } from './run-rows.ts';
import { type WrongToday, wrongToday } from './wrong-today.ts';

/** What a check found, as `wrong-today.ts` writes it. */
export const foundOf = ({ outcome, finding, missed }: Found): string =>
  missed ?? (finding && outcome === 'fail' ? `${outcome}: ${finding}` : outcome);

/** Every verdict that is not what it must be. */
export const wrongIn = (results: readonly RowResult[]): readonly Found[] =>
  results.flatMap(({ found }) => found.filter(({ right }) => !right));

const isKnown = (found: Found): boolean =>
  wrongToday.some(
    (known) =>
      known.row === found.row &&
      known.check === found.check &&
      known.modes.includes(found.mode) &&
      (known.sometimes || known.found === foundOf(found)),
  );

/** What differs from the list of what is wrong today, a line each; empty: nothing. */
export function differences(results: readonly RowResult[]): readonly string[] {
  const found = results.flatMap((result) => result.found);
  const news = wrongIn(results).filter((one) => !isKnown(one));
  const mended = found.filter((one) => one.right && mustBeWrong(one));
  return [
    ...results.flatMap(({ row, mode, problems }) => problems.map((problem) => `BROKEN ${row} ${mode}: ${problem}`)),
    ...news.map((one) => `WRONG ${nameOfFound(one)}, wanted ${listOf(one.wants).join(' or ')}\n${explain(one)}`),
    ...mended.map((one) => `RIGHT NOW ${nameOfFound(one)}: take it off wrong-today.ts`),
  ];
}

const nameOfFound = (found: Found): string => `${found.row} ${found.mode} ${found.check}: ${foundOf(found)}`;

const mustBeWrong = ({ row, check, mode }: Found): boolean =>
  wrongToday.some(
    (known) => known.row === row && known.check === check && known.modes.includes(mode) && !known.sometimes,
  );

/** The entries of `wrong-today.ts` for what several runs found; what is not the same in all of them is so sometimes. */
export function listWrong(runs: readonly (readonly RowResult[])[]): readonly WrongToday[] {
  const entries = new Map<string, WrongToday>();
  const places = Map.groupBy(runs.flatMap(wrongIn), ({ row, check, mode }) => JSON.stringify([row, check, mode]));
  for (const [first, ...others] of places.values()) {
    if (!first) continue;
    const { row, check, mode } = first;
    const found = foundOf(first);
    const steady = others.length === runs.length - 1 && others.every((other) => foundOf(other) === found);
    const key = JSON.stringify([row, check, found, steady]);
    const modes = [...(entries.get(key)?.modes ?? []), mode];
    entries.set(key, { row, check, modes, found, ...(!steady && { sometimes: true as const }) });
  }
  return [...entries.values()];
}

const explain = ({ seen, around }: Found): string => [`  ${seen}`, ...around.map((line) => `  ${line}`)].join('\n');

/** A kind of requirement, whatever its finding or reason. */
const kindOf = (wants: Wants): string => [...new Set(listOf(wants).map(outcomeOf))].sort().join(' or ');

const OUTCOMES = ['pass', 'fail', 'inconclusive'] as const;

/** How often each requirement met each outcome. */
export function renderMatrix(results: readonly RowResult[]): string {
  const all = results.flatMap(({ found }) => found);
  const kinds = [...new Set(all.map(({ wants }) => kindOf(wants)))].sort();
  const count = (kind: string, outcome: string) =>
    all.filter((one) => kindOf(one.wants) === kind && one.outcome === outcome).length;
  return [
    rowOf(['required \\ found', ...OUTCOMES]),
    ...kinds.map((kind) => rowOf([kind, ...OUTCOMES.map((outcome) => count(kind, outcome))])),
  ].join('\n');
}

/** How many verdicts are wrong, and how. */
export const countWrong = (results: readonly RowResult[]) => countWrongOf(wrongIn(results));

function countWrongOf(wrong: readonly Found[]) {
  const outside = (outcome: Found['outcome']) =>
    wrong.filter((one) => one.outcome === outcome && !listOf(one.wants).map(outcomeOf).includes(outcome)).length;
  const falsePasses = outside('pass');
  const falseFails = outside('fail');
  const inconclusive = outside('inconclusive');
  return { falsePasses, falseFails, inconclusive, others: wrong.length - falsePasses - falseFails - inconclusive };
}

/** How many verdicts of each check, and in each mode, are wrong in which way. */
export function renderCounts(results: readonly RowResult[]): string {
  const all = results.flatMap(({ found }) => found);
  const tableOf = (title: string, keyOf: (found: Found) => string) => [
    rowOf([title, 'verdicts', 'false passes', 'false fails', 'inconclusive', 'others']),
    ...[...Map.groupBy(all, keyOf)]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([key, found]) => {
        const wrong = countWrongOf(found.filter(({ right }) => !right));
        const { falsePasses, falseFails, inconclusive, others } = wrong;
        return rowOf([key, found.length, falsePasses, falseFails, inconclusive, others]);
      }),
  ];
  return [...tableOf('mode', ({ mode }) => mode), '', ...tableOf('check', ({ check }) => check)].join('\n');
}

const rowOf = (cells: readonly (string | number)[]): string =>
  cells.map((cell, index) => (index === 0 ? String(cell).padEnd(30) : String(cell).padStart(14))).join('');

/** What a run came to: the matrix, each wrong row with the lines around it, and what is inconclusive for which reason. */
export function renderReport(results: readonly RowResult[]): string {
  const wrong = wrongIn(results);
  const { falsePasses, falseFails, inconclusive, others } = countWrong(results);
  const unsure = results.flatMap(({ found }) => found.filter((one) => one.right && one.outcome === 'inconclusive'));
  const later = results.filter(({ notYet }) => notYet.length > 0);
  const judged = results.flatMap(({ found }) => found).length;
  return [
    renderMatrix(results),
    '',
    renderCounts(results),
    '',
    `${results.length} runs of rows, ${judged} verdicts: ${falsePasses} false passes, ${falseFails} false fails, ` +
      `${inconclusive} inconclusive without a listed reason, ${others} with another finding or another client's`,
    '',
    ...wrong.flatMap((found) => [
      `WRONG ${found.row} ${found.mode} ${found.check}: ${foundOf(found)}${isKnown(found) ? ' (known)' : ''}`,
      `  wanted ${listOf(found.wants).join(' or ')}`,
      explain(found),
    ]),
    ...results.flatMap(({ row, mode, problems }) => problems.map((problem) => `BROKEN ${row} ${mode}: ${problem}`)),
    ...later.map(({ row, mode, notYet }) => `not yet ${row} ${mode}: needs ${notYet.join(', ')}`),
    ...unsure.map(({ row, mode, check, wants }) => `inconclusive ${row} ${mode} ${check}: ${reasonsOf(wants)}`),
  ].join('\n');
}

const reasonsOf = (wants: Wants): string =>
  listOf(wants)
    .filter((want) => outcomeOf(want) === 'inconclusive')
    .map(detailOf)
    .join(' or ');
