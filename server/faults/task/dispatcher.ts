import { z } from 'zod';
import { duration, MAX_DURATION_MS, renderDuration } from '../../scenario/duration.ts';
import type { Occasion } from '../../scenario/scenario.ts';
import { distributionNames, distributionsOf, drawLength, explainDistribution, reversedRange } from '../distribution.ts';
import { exactlyOneOf } from '../exactly-one.ts';
import { type Contradiction, defineFault } from '../fault.ts';

/** More would only be a slower way to say "enough". */
const MAX_WORKERS = 1_000;

const params = z.strictObject({
  workers: z.int().min(1).max(MAX_WORKERS).describe('How many tasks run at once.'),
  serviceTime: z
    .union([duration(), exactlyOneOf(distributionNames, z.strictObject(distributionsOf(duration)))])
    .optional()
    .describe('How long a worker runs a task, in place of `tasks.running`: a duration, or what it is drawn from.'),
  queueTimeout: duration().optional().describe('How long a task waits for a worker; left out, as long as it takes.'),
  overflow: z
    .enum(['drop', 'retry'])
    .optional()
    .describe('After `queueTimeout`: the task is dropped (the default), or waits again after a pause.'),
  tries: z.int().min(2).max(100).optional().describe('With `retry`: how often it waits before it is dropped; 3.'),
  pause: duration().optional().describe('With `retry`: how long between two tries; 1s.'),
});
type Params = z.output<typeof params>;

/**
 * Reference, B5: a fixed number of workers runs the tasks that this rule strikes. A task that is dropped is inconsistent,
 * as in the report: it was accepted, nobody will ever run it, and it stays queued until it expires.
 */
export const dispatcher = defineFault({
  name: 'dispatcher',
  on: ['task'],
  summary:
    'Lets a fixed number of workers run the tasks; one that finds none free in time is dropped, and stays queued.',
  params,
  decides: 'dispatcher',
  contradiction,
  explain(given, occasion) {
    const { workers, queueTimeout } = given;
    const served = explainService(given, occasion);
    const run = `let ${workers === 1 ? '1 worker' : `${workers} workers`} run the task${served}`;
    return queueTimeout === undefined ? run : `${run}; ${explainOverflow(given, queueTimeout)}`;
  },
  apply({ plan }, given, { draw, memory }) {
    if (plan.dispatcher) return;
    const { workers, queueTimeout, overflow, tries = 3, pause = 1_000 } = given;
    // The same object each time, and another once the scenario starts over: it stands for these workers.
    plan.dispatcher = memory(() => ({
      workers,
      queueTimeoutMs: queueTimeout ?? Number.POSITIVE_INFINITY,
      tries: overflow === 'retry' ? tries : 1,
      pauseMs: pause,
    }));
    const serviceMs = serviceOf(given, draw);
    if (serviceMs !== undefined) plan.runningMs = serviceMs;
  },
});

const serviceOf = ({ serviceTime }: Params, draw: Occasion['draw']) =>
  typeof serviceTime === 'object' ? drawLength(serviceTime, draw, MAX_DURATION_MS) : serviceTime;

function explainService(given: Params, occasion: Occasion | undefined): string {
  if (!occasion && typeof given.serviceTime === 'object') return `, ${explainDistribution(given.serviceTime)}`;
  const ms = serviceOf(given, occasion?.draw ?? (() => 0));
  return ms === undefined ? '' : `, ${renderDuration(ms)}`;
}

function explainOverflow({ overflow, tries = 3, pause = 1_000 }: Params, queueTimeout: number): string {
  const after = `after ${renderDuration(queueTimeout)} without one`;
  return overflow === 'retry'
    ? `${after} try again ${renderDuration(pause)} later, and drop it after ${tries} tries`
    : `drop it ${after}`;
}

function contradiction({ serviceTime, queueTimeout, overflow, tries, pause }: Params): Contradiction | undefined {
  const reversed = typeof serviceTime === 'object' ? reversedRange(serviceTime) : undefined;
  if (reversed) return { param: 'serviceTime', ...reversed };
  if (overflow && queueTimeout === undefined)
    return {
      param: 'overflow',
      reason: 'Without "queueTimeout" tasks wait as long as it takes, so none ever overflows.',
      instead: 'Write a `queueTimeout`, or leave `overflow` out.',
    };
  const param = tries !== undefined ? 'tries' : pause !== undefined ? 'pause' : undefined;
  if (!param || overflow === 'retry') return undefined;
  const reason = `A task that is dropped is not tried again, so "${param}" has no effect.`;
  return { param, reason, instead: 'Write `overflow: retry`, or leave it out.' };
}
