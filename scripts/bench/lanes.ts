import type { Figure } from './figure.ts';
import { finishTask, judgeRates, load } from './requests.ts';
import type { ServerProcess } from './server-process.ts';
import type { Stage } from './stage.ts';
import { inTurns, median } from './statistics.ts';

const LANES = 100;
const RATIO_AT_LEAST = 0.95;
const LANE_AT_MOST_BYTES = 2e6;

/** What a hundred lanes cost a server: memory, and throughput on one of them. */
export const lanes: Figure = {
  name: 'lanes',
  summary: `a server with ${LANES} lanes against one with a single lane: requests/s on a lane, and resident memory for each`,
  rounds: 9,
  async measure(stage, rounds) {
    const bytes: number[] = [];
    for (let round = 0; round < rounds; round++) bytes.push(await weigh(stage));
    await using many = await stage.startOurs();
    await using one = await stage.startOurs();
    const manyPort = await openLanes(many, LANES);
    const onePort = await openLanes(one, 1);
    const [manyPath, onePath] = [await finishTask(manyPort), await finishTask(onePort)];
    const pairs = await inTurns(rounds, { ours: () => load(manyPort, manyPath), rival: () => load(onePort, onePath) });
    const each = median(bytes);
    return [
      {
        figure: 'memory per lane',
        ours: `${(each / 1e6).toFixed(2)} MB`,
        target: `<= ${LANE_AT_MOST_BYTES / 1e6} MB`,
        met: each <= LANE_AT_MOST_BYTES,
      },
      judgeRates(pairs, `requests/s, ${LANES} lanes against 1`, RATIO_AT_LEAST),
    ];
  },
};

async function weigh(stage: Stage): Promise<number> {
  await using server = await stage.startOurs();
  await openLanes(server, 1);
  const before = await server.calmResidentBytes();
  await openLanes(server, LANES);
  return ((await server.calmResidentBytes()) - before) / LANES;
}

/** @returns the port of the last one */
async function openLanes({ adminPort }: ServerProcess, count: number): Promise<number> {
  let port = 0;
  for (let opened = 0; opened < count; opened++) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/lanes`, { method: 'POST' });
    if (!answer.ok) throw new Error(`A lane could not be opened: ${await answer.text()}`);
    port = Number(new URL(((await answer.json()) as { url: string }).url).port);
  }
  return port;
}
