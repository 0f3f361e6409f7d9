import { TASKS } from './call.ts';
import type { Figure } from './figure.ts';
import { finishTask, judgeRates, load } from './requests.ts';
import { inTurns } from './statistics.ts';

const RATIO_AT_LEAST = 0.9;
const FAULTS = 1_000;

/** What a thousand armed faults that strike nobody cost; here the rival is our own server without a fault. */
export const armedFaults: Figure = {
  name: 'armed-faults',
  summary: `requests/s as above with ${FAULTS} faults that do not match, against ours with none`,
  rounds: 7,
  async measure(stage, rounds) {
    await using armed = await stage.startOurs({ faults: Array.from({ length: FAULTS }, (_, n) => strikeNobody(n)) });
    const armedPath = await finishTask(armed.port);
    await using bare = await stage.startOurs();
    const barePath = await finishTask(bare.port);
    const pairs = await inTurns(rounds, {
      ours: () => load(armed.port, armedPath),
      rival: () => load(bare.port, barePath),
    });
    return [judgeRates(pairs, `requests/s, ${FAULTS} faults armed`, RATIO_AT_LEAST)];
  },
};

/** Each looks at the polls that are measured, in one way or another, and lets them pass. */
function strikeNobody(n: number): object {
  const inject = [{ status: { code: 503 } }];
  const others = [
    { on: 'request', match: { method: 'DELETE', path: `${TASKS}/:id` } },
    { on: 'request', match: { method: 'GET', path: `${TASKS}/cgt-${n}` } },
    { on: 'request', match: { path: `${TASKS}/*`, headers: { 'x-tenant': `tenant-${n}` } } },
    { on: 'response', match: { path: `${TASKS}/:id`, status: 404 } },
  ];
  return { name: `fault ${n}`, ...others[n % others.length], inject };
}
