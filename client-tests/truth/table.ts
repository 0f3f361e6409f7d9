import { rows } from './corpus.ts';
import { languages, listOf, type Mode, modes, nameOf, type Required, type Row } from './row.ts';
import { runsIn } from './scene.ts';

const INTRO = `# What the verdict must say

A corpus of client behaviours: good, bad and ambiguous. Each row is one small program for Node, Python or Go, and what each check
must find of it. What is required follows from what happened on the wire, not from what the code says today.

    $ npm run truth                                      # all rows, all modes: the confusion matrix, and each wrong row
    $ npm run truth -- --only lost-create --mode alone   # some rows, one mode; --seed N repeats a run

| mode | what it does |
| --- | --- |
| \`alone\` | each row in a lane of its own |
| \`parallel\` | up to five rows in one lane, each with its own API key: each gets its own verdict |
| \`copies\` | six processes of one program, each with its own API key |
| \`speed\` | the lane's clock runs 20 times as fast |
| \`manual\` | the clock stands still; the driver advances it by a second each second, through the admin API |

The report ends with the confusion matrix, and the false passes and false fails of each mode and of each check. What is inconclusive
has a reason: in the table below, after the colon.

CI runs all rows alone, and a seeded 20 % in the other modes. With a manual clock, checks that measure waits may be inconclusive.
Rows that are wrong today are in [wrong-today.ts](wrong-today.ts): a test fails when another one is wrong, and when one of them is
right. A row that needs a check or a setting that does not exist yet is reported as "not yet", and counts once that exists.

To add a row: a situation in \`rows/\`, with its program for Node; for Python and Go, a function of the same name in
\`python/truth.py\` and \`go/main.go\`. Then \`npx vitest run client-tests/truth -u\` renews this page.
`;

/** The table of all rows, in Markdown. */
export function renderTable(): string {
  const counts = languages.map(
    (language) => `${rows.filter((row) => row.language === language).length} in ${language}`,
  );
  return `${INTRO}
${rows.length} rows: ${counts.join(', ')}.

| row | the client | required | needs | not in |
| --- | --- | --- | --- | --- |
${rows.map(renderRow).join('\n')}
`;
}

function renderRow(row: Row): string {
  const { does, required, modes: others = {}, needs = [] } = row;
  const exceptions = Object.entries(others).map(([mode, those]) => `in \`${mode}\`: ${renderRequired(those)}`);
  const absent = modes.filter((mode: Mode) => !runsIn(row, mode));
  const cells = [
    `\`${nameOf(row)}\``,
    does,
    [renderRequired(required), ...exceptions].join('<br>'),
    needs.join(', '),
    absent.join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const renderRequired = (required: Required): string =>
  Object.entries(required)
    .map(([check, wants]) => `${check} ${listOf(wants).map(bold).join(' or ')}`)
    .join('<br>');

const bold = (want: string): string => want.replace(/^(\w+)/, '**$1**');
