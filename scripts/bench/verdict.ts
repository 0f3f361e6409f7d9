import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { checks } from '../../server/verdict/table.ts';
import type { Figure, Row } from './figure.ts';
import { Fleet } from './fleet.ts';
import { finishTask, judgeRates, load } from './requests.ts';
import type { Stage } from './stage.ts';
import { inTurns, type Pairs, quantile } from './statistics.ts';

const EVENTS = 1_000_000;
/** Of so many runs the fastest counts: other work on the machine can only slow them down. */
const FOLDS = 5;
const FOLDED_AT_LEAST = 200_000;
const HOUR_AT_MOST_BYTES = 100e6;
const LEVEL_WITHIN_BYTES = 10e6;
const REPORT_AT_MOST_MS = 100;
const EXPECTING_RATIO_AT_LEAST = 0.95;
const ASKED_RATIO_AT_LEAST = 0.95;
const ASK_EVERY_MS = 500;
/** A fleet that works hard: 1,000 requests a second. */
const FLEET = { clients: 50, everyMs: 50, warmUpMs: 2_000, forMs: 10_000, askEveryMs: 200 };
/** With the processor at its limit everything waits now and then, for the garbage collector and for its turn. */
const MOST = 0.9;

interface Folded {
  readonly perSecond: number;
  readonly bytesByHalfHour: readonly number[];
}

/** What a verdict costs; the rivals are our own server without expectations, and while its report is not asked for. */
export const verdict: Figure = {
  name: 'verdict',
  summary: `folding ${EVENTS} events by every check, GET /report under load, and requests/s with and without them`,
  rounds: 36,
  async measure(stage, rounds) {
    const folded: Folded[] = [];
    for (let round = 0; round < Math.min(rounds, FOLDS); round++) folded.push(await fold());
    return [...foldedRows(folded), ...(await withFleet(stage)), ...(await underLoad(stage, rounds))];
  },
};

function foldedRows(folded: readonly Folded[]): readonly Row[] {
  const perSecond = Math.max(...folded.map((one) => one.perSecond));
  const bytesAfter = (halfHours: number) =>
    Math.max(...folded.map(({ bytesByHalfHour }) => bytesByHalfHour[halfHours - 1] ?? Number.NaN));
  const hourBytes = bytesAfter(2);
  const moreBytes = bytesAfter(4) - hourBytes;
  return [
    {
      figure: `events folded by all checks, a second of their thread, the fastest of ${folded.length}`,
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

/** Two processes of one program may differ for as long as they live: several of each are compared. */
const PROCESSES = 4;
/** Many short rounds tell more than few long ones: other work on the machine comes and goes in seconds. */
const ROUND_MS = 1_600;

async function underLoad(stage: Stage, rounds: number): Promise<readonly Row[]> {
  const scenario = { expect: ['backoff', 'connection-reuse', 'no-duplicate-creates', 'tasks-settled'] };
  const waits: Waits = { report: [], clock: [] };
  const armed: Pairs<number>[] = [];
  const asked: Pairs<number>[] = [];
  for (let nth = 0; nth < PROCESSES; nth++) {
    await using expecting = await stage.startOurs(scenario);
    await using bare = await stage.startOurs();
    const [path, barePath] = [await finishTask(expecting.port), await finishTask(bare.port)];
    const expectingLoad = () => load(expecting.port, path, ROUND_MS);
    const some = Math.ceil(rounds / PROCESSES);
    armed.push(await inTurns(some, { ours: expectingLoad, rival: () => load(bare.port, barePath, ROUND_MS) }));
    // By now its caches are warm.
    asked.push(await inTurns(some, { ours: () => loadWhileAsking(expecting, path, waits), rival: expectingLoad }));
  }
  const [report, clock] = [quantile(waits.report, MOST), quantile(waits.clock, MOST)];
  return [
    judgeRates(allOf(armed), 'requests/s, four checks against none', EXPECTING_RATIO_AT_LEAST),
    judgeRates(allOf(asked), 'requests/s, verdict asked for against not', ASKED_RATIO_AT_LEAST),
    {
      figure: 'GET /report under that load against GET /clock, 9 of 10',
      ours: milliseconds(report),
      rival: milliseconds(clock),
      between: (report / clock).toFixed(2),
      target: `<= ${REPORT_AT_MOST_MS} ms`,
      met: report <= REPORT_AT_MOST_MS,
    },
  ];
}

const allOf = (pairs: readonly Pairs<number>[]): Pairs<number> => ({
  ours: pairs.flatMap(({ ours }) => ours),
  rival: pairs.flatMap(({ rival }) => rival),
});

/** How long reports take while clients that we can tell apart ask for what they want, and every check looks at them. */
async function withFleet(stage: Stage): Promise<readonly Row[]> {
  await using server = await stage.startOurs({ expect: checks.map(({ name }) => name) });
  const path = await finishTask(server.port);
  await using fleet = await Fleet.open(server.port, FLEET.clients, path, FLEET.everyMs);
  const ask = async (forMs: number) => {
    const waits: Waits = { report: [], clock: [] };
    const stop = askNowAndThen(server.adminPort, waits, FLEET.askEveryMs);
    await sleep(forMs);
    stop();
    return waits;
  };
  await ask(FLEET.warmUpMs);
  const before = fleet.answered;
  const waits = await ask(FLEET.forMs);
  if (fleet.failed) throw new Error('A request of the fleet failed.', { cause: fleet.failed });
  const perSecond = (fleet.answered - before) / (FLEET.forMs / 1_000);
  const slowest = Math.max(...waits.report);
  return [
    {
      figure: `GET /report on ${FLEET.clients} clients at ${perSecond.toFixed(0)} requests/s, the slowest`,
      ours: milliseconds(slowest),
      rival: milliseconds(Math.max(...waits.clock)),
      target: `<= ${REPORT_AT_MOST_MS} ms`,
      met: slowest <= REPORT_AT_MOST_MS,
    },
  ];
}

const milliseconds = (ms: number) => `${ms.toFixed(0)} ms`;

async function fold(): Promise<Folded> {
  const script = join(import.meta.dirname, 'fold-events.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(EVENTS)]);
  return JSON.parse(stdout) as Folded;
}

async function loadWhileAsking(
  { port, adminPort }: { port: number; adminPort: number },
  path: string,
  waits: Waits,
): Promise<number> {
  const stop = askNowAndThen(adminPort, waits, ASK_EVERY_MS);
  try {
    return await load(port, path, ROUND_MS);
  } finally {
    stop();
  }
}

/** How long answers took, in milliseconds. */
interface Waits {
  readonly report: number[];
  readonly clock: number[];
}

/** Asks for the report and for the clock, which takes no work, half a turn apart. */
function askNowAndThen(adminPort: number, waits: Waits, everyMs: number): () => void {
  const ask = (what: keyof Waits) => {
    const askedAt = performance.now();
    fetch(`http://127.0.0.1:${adminPort}/${what}`)
      .then((answer) => answer.arrayBuffer())
      .then(() => waits[what].push(performance.now() - askedAt))
      .catch(() => {});
  };
  let turn = 0;
  const timer = setInterval(() => ask(turn++ % 2 === 0 ? 'clock' : 'report'), everyMs / 2);
  return () => clearInterval(timer);
}
