/** `npm run truth`: runs the corpus, and compares each verdict with what it must be. */
import { parseArgs } from 'node:util';
import { countWrong, foundOf, renderReport } from './report.ts';
import { type Mode, modes } from './row.ts';
import { runPlan } from './run-plan.ts';
import type { RowResult } from './run-rows.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    mode: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
  },
});
const isMode = (text: string): text is Mode => modes.some((mode) => mode === text);
const unknown = values.mode?.find((text) => !isMode(text));
if (unknown !== undefined) {
  console.error(`There is no mode "${unknown}". Write one of ${modes.join(', ')}.`);
  process.exit(2);
}

const tell = (results: readonly RowResult[], done: number, of: number) => {
  for (const { row, mode, found, notYet, problems } of results) {
    const wrong = found.filter(({ right }) => !right).map((one) => `${one.check} ${foundOf(one)}`);
    const word = problems.length > 0 ? 'BROKEN' : notYet.length > 0 ? 'not yet' : wrong.length > 0 ? 'WRONG' : 'ok';
    console.log(`${`${done}/${of}`.padStart(9)}  ${word.padEnd(7)} ${mode} ${row}  ${wrong.join(', ')}`);
  }
};

const results: RowResult[] = [];
for (const mode of values.mode?.filter(isMode) ?? modes) {
  const choice = { mode, seed: Number(values.seed), share: Number(values.share), only: values.only };
  results.push(...(await runPlan(choice, tell)));
}
console.log(`\n${renderReport(results)}`);
const { falsePasses, falseFails, inconclusive, others } = countWrong(results);
const broken = results.some(({ problems }) => problems.length > 0);
process.exit(falsePasses + falseFails + inconclusive + others > 0 || broken ? 1 : 0);
