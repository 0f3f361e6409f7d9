import { Crowd } from './crowd.ts';
import type { Figure } from './figure.ts';
import type { ServerProcess } from './server-process.ts';
import { inTurns, median, medianOf } from './statistics.ts';

const RATIO_AT_MOST = 1.25;
const CONNECTIONS = 2_000;
/** Keeps the connections through the profile's 8 s of idleness. */
const PING_EVERY_MS = 2_500;

/** Resident memory that an idle HTTP/2 connection costs. */
export const connectionMemory: Figure = {
  name: 'connection-memory',
  summary: `resident memory per idle h2 connection, with ${CONNECTIONS} of them`,
  rounds: 3,
  async measure(stage, rounds) {
    const pairs = await inTurns(rounds, {
      ours: async () => weigh(await stage.startOurs()),
      rival: async () => weigh(await stage.startRival()),
    });
    const ratio = medianOf(pairs, (a, b) => a / b);
    const inKilobytes = (values: readonly number[]) => `${(median(values) / 1_000).toFixed(1)} kB`;
    return [
      {
        figure: 'memory per idle connection',
        ours: inKilobytes(pairs.ours),
        rival: inKilobytes(pairs.rival),
        between: ratio.toFixed(2),
        target: `<= ${RATIO_AT_MOST.toFixed(2)}`,
        met: ratio <= RATIO_AT_MOST,
      },
    ];
  },
};

/** @returns bytes per connection */
async function weigh(started: ServerProcess): Promise<number> {
  await using server = started;
  const before = await server.calmResidentBytes();
  using crowd = await Crowd.open({ port: server.port, count: CONNECTIONS, pingEveryMs: PING_EVERY_MS });
  const after = await server.calmResidentBytes();
  if (crowd.endings.length > 0) throw new Error(`${crowd.endings.length} connections ended while they were weighed.`);
  return (after - before) / CONNECTIONS;
}
