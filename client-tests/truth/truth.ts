/** `npm run truth`: runs the corpus, and compares each verdict with what it must be. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Choice, ciChoices } from './plan.ts';
import { countWrong, foundOf, listWrong, renderReport } from './report.ts';
import { type Mode, modes } from './row.ts';
import { runPlan } from './run-plan.ts';
import type { RowResult } from './run-rows.ts';
import { renderList } from './wrong-list.ts';

const HELP = `Usage: npm run truth -- [options]

Runs the corpus of client behaviours, and compares each verdict with what it must be. All modes take some 20 minutes.

  --only TEXT    rows whose name contains this
  --mode MODE    ${modes.join(', ')}; may be given again; left out, all
  --seed N       which rows share a lane in mode parallel (default 1)
  --ci           what CI runs: all rows alone, and a fifth in the other modes
  --write        write wrong-today.ts from what was found
  --runs N       run all of it so often (default 1)

Examples:
  npm run truth -- --only lost-create --mode alone
  npm run truth -- --mode copies --mode speed

Exit code: 0 all are right, 1 a verdict is wrong or a row does not work, 2 usage.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    only: { type: 'string' },
    mode: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    ci: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
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
if (results.length === 0) {
  console.error(`No row has "${values.only}" in its name. client-tests/truth/README.md lists them.`);
  process.exit(2);
}
console.log(`\n${renderReport(results)}`);
if (values.write) await writeFile(new URL('wrong-today.ts', import.meta.url), await renderList(listWrong(runs)));
const { falsePasses, falseFails, inconclusive, others } = countWrong(results);
const broken = results.some(({ problems }) => problems.length > 0);
process.exit(falsePasses + falseFails + inconclusive + others > 0 || broken ? 1 : 0);
