/**
 * `npm run truth`: runs the corpus, and compares each verdict with what it must be.
 *
 * `--only NAME`, `--mode MODE` and `--seed N` choose; `--ci` runs what CI runs. `--write` makes the list of what is wrong today
 * again, from as many runs as `--runs` says.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Choice, ciChoices } from './plan.ts';
import { countWrong, foundOf, listWrong, renderReport } from './report.ts';
import { type Mode, modes } from './row.ts';
import { runPlan } from './run-plan.ts';
import type { RowResult } from './run-rows.ts';
import { renderList } from './wrong-list.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    mode: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    ci: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
  },
});
const isMode = (text: string): text is Mode => modes.some((mode) => mode === text);
const unknown = values.mode?.find((text) => !isMode(text));
if (unknown !== undefined) {
  console.error(`There is no mode "${unknown}". Write one of ${modes.join(', ')}.`);
  process.exit(2);
}

const wanted = values.mode?.filter(isMode) ?? modes;
const choices: readonly Choice[] = values.ci
  ? ciChoices.filter(({ mode }) => wanted.includes(mode))
  : wanted.map((mode) => ({ mode, seed: Number(values.seed), only: values.only }));

const tell = (results: readonly RowResult[], done: number, of: number) => {
  for (const { row, mode, found, notYet, problems } of results) {
    const wrong = found.filter(({ right }) => !right).map((one) => `${one.check} ${foundOf(one)}`);
    const word = problems.length > 0 ? 'BROKEN' : notYet.length > 0 ? 'not yet' : wrong.length > 0 ? 'WRONG' : 'ok';
    console.log(`${`${done}/${of}`.padStart(9)}  ${word.padEnd(7)} ${mode} ${row}  ${wrong.join(', ')}`);
  }
};

const runs: RowResult[][] = [];
for (let run = 0; run < Number(values.runs); run++) {
  const results: RowResult[] = [];
  for (const choice of choices) results.push(...(await runPlan(choice, tell)));
  runs.push(results);
}
const results = runs.at(-1) ?? [];
console.log(`\n${renderReport(results)}`);
if (values.write) await writeFile(new URL('wrong-today.ts', import.meta.url), await renderList(listWrong(runs)));
const { falsePasses, falseFails, inconclusive, others } = countWrong(results);
const broken = results.some(({ problems }) => problems.length > 0);
process.exit(falsePasses + falseFails + inconclusive + others > 0 || broken ? 1 : 0);
