import { Crowd, type Ending } from './crowd.ts';
import type { Figure } from './figure.ts';
import { quantile } from './statistics.ts';

const CONNECTIONS = 1_000;
const NOT_BEFORE_MS = 8_000;
const P99_AT_MOST_MS = 8_100;
const LIMIT_MS = 30_000;

/** When the clients see the reset of rule A5, counted from the last byte that they sent or received. */
export const idleReset: Figure = {
  name: 'idle-reset',
  summary: `when each of ${CONNECTIONS} idle connections sees its reset`,
  rounds: 2,
  async measure(stage, rounds) {
    await using server = await stage.startOurs();
    const endings: Ending[] = [];
    for (let round = 0; round < rounds; round++) {
      using crowd = await Crowd.open({ port: server.port, count: CONNECTIONS });
      await crowd.ended(LIMIT_MS);
      endings.push(...crowd.endings);
    }
    const other = endings.find(({ code }) => code !== 'ECONNRESET');
    if (other) throw new Error(`A connection ended with ${other.code} and no reset, after ${other.idleMs} ms.`);

    const idleMs = endings.map((ending) => ending.idleMs);
    const earliestMs = Math.min(...idleMs);
    const p99Ms = quantile(idleMs, 0.99);
    const inSeconds = (ms: number) => `${(ms / 1_000).toFixed(3)} s`;
    return [
      {
        figure: 'idle reset, earliest',
        ours: inSeconds(earliestMs),
        target: `>= ${inSeconds(NOT_BEFORE_MS)}`,
        met: earliestMs >= NOT_BEFORE_MS,
      },
      {
        figure: 'idle reset, p99',
        ours: inSeconds(p99Ms),
        target: `<= ${inSeconds(P99_AT_MOST_MS)}`,
        met: p99Ms <= P99_AT_MOST_MS,
      },
    ];
  },
};
