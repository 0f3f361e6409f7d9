/** `npm run bench`: our figures, each beside its rival's, taken in one run on one machine. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Figure, Row } from './bench/figure.ts';
import { figures } from './bench/figures.ts';
import { Stage } from './bench/stage.ts';
import { renderTable } from './bench/table.ts';

const MAX_ROUNDS = 50;
const EXIT_MISSED = 1;
const EXIT_USAGE = 2;

const usage = `Usage: npm run bench -- [--only NAME]... [--rounds N]

Builds dist/ and measures it against its rival, a bare node:http2 server, the two in turns, on the loopback address.
"ours" and "rival" are medians over the rounds; what is judged is the median of what each round found between the two.
Needs Linux, where a process's memory can be read from /proc, and h2load (Debian: nghttp2-client).

  --only NAME   this figure alone; may be given more than once
  --rounds N    1 to ${MAX_ROUNDS}, in place of each figure's own number
  --help        prints this

Figures:
${figures.map(({ name, summary, rounds }) => `  ${name.padEnd(19)}${summary} (${rounds} rounds)`).join('\n')}

Exit code: 0 every target is met, ${EXIT_MISSED} one is missed or could not be measured, ${EXIT_USAGE} usage.
`;

function refuse(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(EXIT_USAGE);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function chooseFigures(names: readonly string[] | undefined): readonly Figure[] {
  const unknown = names?.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown !== undefined) refuse(`No figure is called "${unknown}".`);
  return figures.filter(({ name }) => !names || names.includes(name));
}

function readRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    refuse(`--rounds takes a whole number from 1 to ${MAX_ROUNDS}, not "${text}".`);
  }
  return rounds;
}

/** A figure that could not be measured is a target missed, and the others go on. */
async function measure({ name, ...figure }: Figure, rounds: number): Promise<readonly Row[]> {
  console.error(`${name}: ${rounds} rounds ...`);
  await using stage = await Stage.create();
  try {
    return await figure.measure(stage, rounds);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    return [{ figure: name, ours: 'not measured', target: '', met: false }];
  }
}

const { only, rounds: roundsText, help } = readArguments();
if (help) {
  console.log(usage);
  process.exit();
}
const chosen = chooseFigures(only);
const rounds = readRounds(roundsText);

const build = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts')], { stdio: 'inherit' });
if (build.status !== 0) process.exit(EXIT_MISSED);

const rows: Row[] = [];
for (const figure of chosen) rows.push(...(await measure(figure, rounds ?? figure.rounds)));
console.log(renderTable(rows));
if (rows.some(({ met }) => !met)) process.exitCode = EXIT_MISSED;
