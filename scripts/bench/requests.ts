import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Answer, call, TASKS } from './call.ts';
import type { Figure, Row } from './figure.ts';
import type { Stage } from './stage.ts';
import { inTurns, median, medianOf, type Pairs } from './statistics.ts';

// Well under the 30 s after which the profile wants a heartbeat, which h2load does not send.
const RUN_MS = 4_000;
const H2LOAD_LIMIT_MS = 20_000;
const TASK_LIMIT_MS = 30_000;

/** Requests per second for one task that is over, the call that a client repeats most. */
export const requests: Figure = {
  name: 'requests',
  summary: 'requests/s of GET tasks/{id} over h2 and TLS, by h2load, 20 connections x 10 streams',
  rounds: 7,
  measure: (stage, rounds) => compare(stage, rounds, { figure: 'requests/s', ratioAtLeast: 0.8 }),
};

/** The same while every frame passes through the tap, as a scenario with a fault on frames wants it. */
export const tappedRequests: Figure = {
  name: 'frame-tap',
  summary: 'requests/s as above while a fault on frames, which strikes none of them, has every frame looked at',
  rounds: 7,
  measure: (stage, rounds) =>
    compare(stage, rounds, {
      figure: 'requests/s, frames tapped',
      ratioAtLeast: 0.65,
      scenario: { faults: [{ name: 'no answer to PING', on: 'session', inject: ['ping-silence'] }] },
    }),
};

/** Ours against the bare server that sends the same bytes. */
async function compare(
  stage: Stage,
  rounds: number,
  { figure, ratioAtLeast, scenario }: { figure: string; ratioAtLeast: number; scenario?: object },
): Promise<readonly Row[]> {
  await using ours = await stage.startOurs(scenario);
  const path = await finishTask(ours.port);
  await using rival = await stage.startRival(await call(ours.port, { ':path': path }));
  const pairs = await inTurns(rounds, {
    ours: () => load(ours.port, path),
    rival: () => load(rival.port, path),
  });
  return [judgeRates(pairs, figure, ratioAtLeast)];
}

/** The row for two rates, of which ours must be at least so much of the rival's. */
export function judgeRates(pairs: Pairs<number>, figure: string, ratioAtLeast: number): Row {
  const ratio = medianOf(pairs, (a, b) => a / b);
  return {
    figure,
    ours: median(pairs.ours).toFixed(0),
    rival: median(pairs.rival).toFixed(0),
    between: ratio.toFixed(2),
    target: `>= ${ratioAtLeast.toFixed(2)}`,
    met: ratio >= ratioAtLeast,
  };
}

/** Creates a task and waits until its answer does not change any more.
 * @returns its path */
export async function finishTask(port: number): Promise<string> {
  const content = [{ type: 'text', text: 'A lighthouse at dusk.' }];
  const created = await call(
    port,
    { ':method': 'POST', ':path': TASKS, 'content-type': 'application/json' },
    { model: 'doubao-seedance-2-0-260128', content },
  );
  const path = `${TASKS}/${JSON.parse(created.body).id}`;
  const startedAt = performance.now();
  while (!isSucceeded(await call(port, { ':path': path }))) {
    if (performance.now() - startedAt > TASK_LIMIT_MS) throw new Error('The task does not come to its end.');
    await sleep(250);
  }
  return path;
}

const isSucceeded = ({ body }: Answer): boolean => JSON.parse(body).status === 'succeeded';

/** Asks for one path for a while.
 * @param forMs how long; before that, a quarter of it is not counted
 * @returns requests per second */
export async function load(port: number, path: string, forMs = RUN_MS): Promise<number> {
  const options = ['-t1', '-c20', '-m10', `-D${forMs}ms`, `--warm-up-time=${forMs / 4}ms`];
  const { stdout } = await promisify(execFile)(
    'h2load',
    [...options, '-H', 'authorization: Bearer x', `https://127.0.0.1:${port}${path}`],
    { timeout: H2LOAD_LIMIT_MS },
  ).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error("needs h2load, from Debian's package nghttp2-client") : error;
  });
  const perSecond = /([\d.]+) req\/s/.exec(stdout)?.[1];
  const allGood = /status codes: [1-9]\d* 2xx, 0 3xx, 0 4xx, 0 5xx/.test(stdout) && / 0 failed, 0 errored/.test(stdout);
  if (perSecond === undefined || !allGood) throw new Error(`h2load had failures:\n${stdout}`);
  return Number(perSecond);
}
