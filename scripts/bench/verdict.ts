import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure, Row } from './figure.ts';
import { finishTask, judgeRates, load } from './requests.ts';
import type { Stage } from './stage.ts';
import { inTurns, median } from './statistics.ts';

const EVENTS = 1_000_000;
const FOLDED_AT_LEAST = 200_000;
const HOUR_AT_MOST_BYTES = 100e6;
const LEVEL_WITHIN_BYTES = 10e6;
const REPORT_AT_MOST_MS = 100;
const EXPECTING_RATIO_AT_LEAST = 0.95;
const ASKED_RATIO_AT_LEAST = 0.95;
const ASK_EVERY_MS = 1_000;

interface Folded {
  readonly perSecond: number;
  readonly bytesByHalfHour: readonly number[];
}

/** What a verdict costs; the rivals are our own server without expectations, and one whose report is not asked for. */
export const verdict: Figure = {
  name: 'verdict',
  summary: `folding ${EVENTS} events by every check, GET /report under load, and requests/s with and without them`,
  rounds: 9,
  async measure(stage, rounds) {
    const folded: Folded[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round++) folded.push(await fold());
    return [...foldedRows(folded), ...(await underLoad(stage, rounds))];
  },
};

function foldedRows(folded: readonly Folded[]): readonly Row[] {
  const perSecond = median(folded.map((one) => one.perSecond));
  const bytesAfter = (halfHours: number) =>
    Math.max(...folded.map(({ bytesByHalfHour }) => bytesByHalfHour[halfHours - 1] ?? Number.NaN));
  const hourBytes = bytesAfter(2);
  const moreBytes = bytesAfter(4) - hourBytes;
  return [
    {
      figure: `events folded by all checks, per processor second`,
      ours: perSecond.toFixed(0),
      target: `>= ${FOLDED_AT_LEAST}`,
      met: perSecond >= FOLDED_AT_LEAST,
    },
    {
      figure: 'memory of a verdict on 50 clients, one hour',
      ours: megabytes(hourBytes),
      target: `<= ${megabytes(HOUR_AT_MOST_BYTES)}`,
      met: hourBytes <= HOUR_AT_MOST_BYTES,
    },
    {
      figure: 'what the second hour adds to it',
      ours: megabytes(moreBytes),
      target: `<= ${megabytes(LEVEL_WITHIN_BYTES)}`,
      met: moreBytes <= LEVEL_WITHIN_BYTES,
    },
  ];
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

async function underLoad(stage: Stage, rounds: number): Promise<readonly Row[]> {
  const scenario = { expect: ['backoff', 'connection-reuse', 'no-duplicate-creates', 'tasks-settled'] };
  await using asked = await stage.startOurs(scenario);
  const askedPath = await finishTask(asked.port);
  await using expecting = await stage.startOurs(scenario);
  const expectingPath = await finishTask(expecting.port);
  await using bare = await stage.startOurs();
  const barePath = await finishTask(bare.port);
  const expectingLoad = () => load(expecting.port, expectingPath);
  const armed = await inTurns(rounds, { ours: expectingLoad, rival: () => load(bare.port, barePath) });
  const reportMs: number[] = [];
  const pairs = await inTurns(rounds, {
    ours: () => loadWhileAsking(asked, askedPath, reportMs),
    rival: expectingLoad,
  });
  const slowest = Math.max(...reportMs);
  return [
    judgeRates(armed, 'requests/s, four checks against none', EXPECTING_RATIO_AT_LEAST),
    judgeRates(pairs, 'requests/s, verdict asked for', ASKED_RATIO_AT_LEAST),
    {
      figure: 'GET /report under that load, the slowest',
      ours: `${slowest.toFixed(0)} ms`,
      target: `<= ${REPORT_AT_MOST_MS} ms`,
      met: slowest <= REPORT_AT_MOST_MS,
    },
  ];
}

async function fold(): Promise<Folded> {
  const script = join(import.meta.dirname, 'fold-events.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(EVENTS)]);
  return JSON.parse(stdout) as Folded;
}

async function loadWhileAsking(
  { port, adminPort }: { port: number; adminPort: number },
  path: string,
  reportMs: number[],
): Promise<number> {
  const timer = setInterval(() => {
    const askedAt = performance.now();
    fetch(`http://127.0.0.1:${adminPort}/report`)
      .then((answer) => answer.arrayBuffer())
      .then(() => reportMs.push(performance.now() - askedAt))
      .catch(() => {});
  }, ASK_EVERY_MS);
  try {
    return await load(port, path);
  } finally {
    clearInterval(timer);
  }
}
