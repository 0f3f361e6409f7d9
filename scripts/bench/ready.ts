import type { Figure } from './figure.ts';
import type { ServerProcess } from './server-process.ts';
import { inTurns, median, medianOf, type Pairs } from './statistics.ts';

const LATER_AT_MOST_MS = 400;
const RESIDENT_AT_MOST_BYTES = 110e6;

interface Start {
  readonly ms: number;
  readonly bytes: number;
}

/** How long a server takes to its first answer, and how much memory it has then. */
export const ready: Figure = {
  name: 'ready',
  summary: 'from spawn to the first answered request, and resident memory then',
  rounds: 11,
  async measure(stage, rounds) {
    const pairs = await inTurns<Start>(rounds, {
      ours: async () => describe(await stage.startOurs()),
      rival: async () => describe(await stage.startRival()),
    });
    const ms = pick(pairs, 'ms');
    const bytes = pick(pairs, 'bytes');
    const laterMs = medianOf(ms, (a, b) => a - b);
    const inMilliseconds = (value: number) => `${value.toFixed(0)} ms`;
    const inMegabytes = (value: number) => `${(value / 1e6).toFixed(1)} MB`;
    return [
      {
        figure: 'spawn to first answer',
        ours: inMilliseconds(median(ms.ours)),
        rival: inMilliseconds(median(ms.rival)),
        between: `+${inMilliseconds(laterMs)}`,
        target: `<= +${inMilliseconds(LATER_AT_MOST_MS)}`,
        met: laterMs <= LATER_AT_MOST_MS,
      },
      {
        figure: 'memory when ready',
        ours: inMegabytes(median(bytes.ours)),
        rival: inMegabytes(median(bytes.rival)),
        target: `<= ${inMegabytes(RESIDENT_AT_MOST_BYTES)}`,
        met: median(bytes.ours) <= RESIDENT_AT_MOST_BYTES,
      },
    ];
  },
};

async function describe(started: ServerProcess): Promise<Start> {
  await using server = started;
  return { ms: server.readyMs, bytes: server.residentBytes() };
}

const pick = ({ ours, rival }: Pairs<Start>, what: keyof Start): Pairs<number> => ({
  ours: ours.map((start) => start[what]),
  rival: rival.map((start) => start[what]),
});
