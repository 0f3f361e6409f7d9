import { z } from 'zod';
import { countEnded, successRateOf, type TaskCounts } from '../../task-tally.ts';
import type { Call } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass, percent } from '../check.ts';
import type { Tally } from '../tally.ts';

/** What a user of the client sees of the service's faults (design of rehearsals). */
export const successRate = defineCheck({
  name: 'success-rate',
  summary: 'Gets through with its calls, whatever the service does.',
  definition: `Of all logical calls that have ended, the share that was answered in the end, whole, and not with 408, 425, 429, 500, 502, 503 or
504. Below \`atLeast\` is *too many failed*. A call that the client gave up while nothing was wrong counts neither way. Inconclusive with fewer than
\`samples\` calls, and where it depends on failed creates that were followed by one that differs in \`seed\` or \`safety_identifier\` alone. Where \`tasks\` is given, the share of tasks that succeeded is judged too, over all clients: of those that succeeded, failed, expired, or
were dropped by the dispatcher, which counts at once. Below it is *too many tasks failed*.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(0.99).describe('The least share of calls that succeed.'),
    samples: z.int().min(1).default(5).describe('With fewer calls, or tasks, nothing is said.'),
    tasks: z.number().min(0).max(1).optional().describe('The least share of tasks that succeed.'),
  }),
  expects: ({ atLeast, tasks }) =>
    `${percent(atLeast)} or more of the calls to succeed in the end${tasks === undefined ? '' : `, and ${percent(tasks)} or more of the tasks`}`,
  client: {
    watch: (tally) => ({
      callOver(call) {
        note(tally, call);
      },
    }),
    judge(tally, { atLeast, samples }, { openCalls, tasks: { counts }, running }) {
      // What failed and may come again has not ended, while its client is at work.
      for (const call of openCalls) if (call.underWay === 0 && (call.success || !running)) note(tally, call);
      const [succeeded, failed] = [tally.of('succeeded').count, tally.of('failed').count];
      const calls = succeeded + failed;
      if (calls < samples) return inconclusive(`${many(calls, 'call')} of it ended, too few to tell`);
      const rate = succeeded / calls;
      const taskRate = successRateOf(counts);
      const figures = { calls, rate, ...(taskRate !== undefined && { tasks: countEnded(counts), taskRate }) };
      const seen = `${percent(rate)} of ${many(calls, 'call')} succeeded${describeTasks(counts)}`;
      const changed = tally.of('changed').count;
      if (rate < atLeast && succeeded / (calls - changed) >= atLeast)
        return doubtful(
          `${seen}; ${many(changed, 'create')} that failed came again but for seed or mark: another attempt, or another video`,
          { ...tally.proofs('changed'), figures },
        );
      if (rate >= atLeast) return pass(seen, { ...tally.proofs('succeeded'), figures });
      const [first] = tally.of('failed').first;
      return fail(`${seen}, the first that did not: ${first?.what}`, {
        finding: 'too many failed',
        hint: 'Try again what failed, on a new connection and with backoff; a GET may always be repeated.',
        ...tally.proofs('failed'),
        figures,
        provisional: true,
      });
    },
  },
  run: {
    watch: (tally) => ({
      event(event) {
        switch (event.type) {
          case 'task.dropped':
            tally.note('lost', [event.seq]);
            break;
          case 'task.changed':
            if (isLost(event.to)) tally.note('lost', [event.seq]);
            break;
        }
      },
    }),
    judge(tally, { tasks, samples }, { tasks: { counts } }) {
      if (tasks === undefined) return undefined;
      const ended = countEnded(counts);
      const rate = successRateOf(counts) ?? 0;
      if (ended < samples) return doubtful(`${many(ended, 'task')} came to an end, too few to tell`, { events: [] });
      if (rate >= tasks) return undefined;
      return fail(`${percent(rate)} of ${many(ended, 'task')} succeeded, ${counts.dropped} dropped so far`, {
        finding: 'too many tasks failed',
        hint: 'Create again, within a limit, what failed for a reason of the service; a dropped task never runs.',
        ...tally.proofs('lost'),
        figures: { tasks: ended, taskRate: rate },
      });
    },
  },
});

const isLost = (status: string): boolean => status === 'failed' || status === 'expired';

function describeTasks(counts: TaskCounts): string {
  const rate = successRateOf(counts);
  const dropped = counts.dropped > 0 ? ` (${counts.dropped} dropped)` : '';
  return rate === undefined ? '' : `, and ${percent(rate)} of ${many(countEnded(counts), 'task')}${dropped}`;
}

function note(tally: Tally, { method, path, success, failure, first, lostTask, again }: Call): void {
  // A create whose task exists is for `no-duplicate-creates` and `creates-accounted`.
  if (lostTask && !success) return;
  if (success) tally.note('succeeded', [success.seq]);
  else if (failure) {
    tally.note('failed', [first.received.seq, failure.seq], 0, `${method} ${path}`);
    if (again) tally.note('changed', [failure.seq, again.received.seq]);
  }
}
