import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

const STARTS = 100;
const START_AT_MOST_MS = 30;

/** What a server for each test costs a test suite. */
export const inProcess: Figure = {
  name: 'in-process',
  summary: `median of ${STARTS} starts of a server in one process`,
  rounds: 3,
  async measure(_stage, rounds) {
    const script = join(import.meta.dirname, 'start-in-process.ts');
    const medians: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { stdout } = await promisify(execFile)(process.execPath, [script, String(STARTS)]);
      medians.push(median(JSON.parse(stdout) as number[]));
    }
    const ms = median(medians);
    return [
      {
        figure: 'start in process',
        ours: `${ms.toFixed(1)} ms`,
        target: `<= ${START_AT_MOST_MS} ms`,
        met: ms <= START_AT_MOST_MS,
      },
    ];
  },
};
