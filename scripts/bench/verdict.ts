import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './figure.ts';
import { finishTask, judgeRates, load } from './requests.ts';
import { inTurns, median } from './statistics.ts';

const EVENTS = 100_000;
const JUDGED_WITHIN_MS = 1_000;
const RESIDENT_AT_MOST_BYTES = 300e6;
const RATIO_AT_LEAST = 0.95;
const ASK_EVERY_MS = 1_000;

interface Judged {
  readonly ms: number;
  readonly bytes: number;
}

/** What a verdict takes, and what asking for one takes from a server under load; the rival is our own that nobody asks. */
export const verdict: Figure = {
  name: 'verdict',
  summary: `judging ${EVENTS} events by every check, and requests/s while GET /report is asked for each second`,
  rounds: 9,
  async measure(stage, rounds) {
    const judged: Judged[] = [];
    for (let round = 0; round < rounds; round++) judged.push(await judgeOnce());
    const ms = median(judged.map((one) => one.ms));
    const bytes = Math.max(...judged.map((one) => one.bytes));

    const scenario = { expect: ['backoff', 'connection-reuse', 'no-duplicate-creates', 'tasks-settled'] };
    await using asked = await stage.startOurs(scenario);
    const askedPath = await finishTask(asked.port);
    await using bare = await stage.startOurs(scenario);
    const barePath = await finishTask(bare.port);
    const pairs = await inTurns(rounds, {
      ours: () => loadWhileAsking(asked, askedPath),
      rival: () => load(bare.port, barePath),
    });
    return [
      {
        figure: `judging ${EVENTS} events`,
        ours: `${ms.toFixed(0)} ms`,
        target: `<= ${JUDGED_WITHIN_MS} ms`,
        met: ms <= JUDGED_WITHIN_MS,
      },
      {
        figure: 'memory of it at most',
        ours: `${(bytes / 1e6).toFixed(0)} MB`,
        target: `<= ${RESIDENT_AT_MOST_BYTES / 1e6} MB`,
        met: bytes <= RESIDENT_AT_MOST_BYTES,
      },
      judgeRates(pairs, 'requests/s, verdict asked for', RATIO_AT_LEAST),
    ];
  },
};

async function judgeOnce(): Promise<Judged> {
  const script = join(import.meta.dirname, 'judge-journal.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(EVENTS)]);
  return JSON.parse(stdout) as Judged;
}

async function loadWhileAsking(
  { port, adminPort }: { port: number; adminPort: number },
  path: string,
): Promise<number> {
  const timer = setInterval(() => {
    fetch(`http://127.0.0.1:${adminPort}/report`)
      .then((answer) => answer.arrayBuffer())
      .catch(() => {});
  }, ASK_EVERY_MS);
  try {
    return await load(port, path);
  } finally {
    clearInterval(timer);
  }
}
