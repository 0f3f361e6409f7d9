import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { keep } from '../bounded.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';

/** A task that did not succeed, as Get showed it. */
interface Failed {
  readonly shown: JournalEvent<'response.sent'>;
  readonly status: string;
  readonly intent: string | undefined;
}

/** A failed task after which the same was created. */
interface Replaced {
  readonly intent: string;
  readonly events: readonly number[];
}

/** A task that fails is reported with 200: a client that looks at the status code alone takes it for done (reference, Ark API section 6). */
export const failuresNoticed = defineCheck({
  name: 'failures-noticed',
  summary: 'Does not take a failed task for done: creates it again, or ends with an error.',
  definition: `Looks at each task that a Get showed to the client as \`failed\` or \`expired\`. The client has noticed it when it creates the same again (equal but
for \`seed\` and \`safety_identifier\`), or when the command that \`run\` started ends with an exit code other than 0. If that ends with 0, the task is
*taken for done*. Without \`run\` the check cannot know what the client made of it, and is inconclusive. A program that reports failures in another way than by
its exit code should not expect this check. Inconclusive without such a task, and where
it makes several equal ones besides and ends with 0, or another after each failure: those creates may have been planned, or stand for the failed one.`,
  params: z.strictObject({}),
  expects: () => 'a new create, or an exit code other than 0, after a task has failed',
  client: {
    watch(tally, _params, { following }) {
      const intents = new Map<string, string>();
      const failed = new Map<string, Failed>();
      /** Those after which the same was created. */
      const replaced = new Map<string, Replaced>();
      /** How many equal tasks were made besides those that stand for a failed one. */
      const wanted = new Map<string, number>();
      /** The client's latest create that made a task. */
      const latest = { seq: 0 };
      return {
        latest,
        failed,
        replaced,
        wanted,
        task({ received, task: created }) {
          latest.seq = Math.max(latest.seq, received.seq);
          if (created?.intent === undefined) return;
          keep(intents, created.task, created.intent);
          for (const [task, { intent, shown }] of failed) {
            // What was sent before is no answer to it.
            // Stryker disable next-line EqualityOperator: no two events have the same number.
            if (intent !== created.intent || received.seq < shown.seq) continue;
            failed.delete(task);
            keep(replaced, task, { intent, events: [shown.seq, created.seq] });
            tally.note('made again', [shown.seq, created.seq]);
            return;
          }
          keep(wanted, created.intent, (wanted.get(created.intent) ?? 0) + 1);
        },
        answered(request) {
          const status = following.statusShownBy(request);
          const { answer, asked: task = '' } = request;
          if (answer && (status === 'failed' || status === 'expired') && !replaced.has(task))
            keep(failed, task, { shown: answer, status, intent: intents.get(task) });
        },
      };
    },
    judge(tally, _params, { exitCode }, { failed, replaced, wanted, latest }) {
      const again = tally.of('made again').count;
      const [first] = failed;
      const figures = { failed: failed.size + again, madeAgain: again };
      const planned = [...replaced].find(([, { intent }]) => (wanted.get(intent) ?? 0) > 1);
      if (!first && planned && !exitCode)
        return doubtful(
          `${planned[0]} did not succeed, and the client makes several like it: the next was made in its place, or planned`,
          { events: planned[1].events, figures },
        );
      if (!first)
        return again > 0
          ? pass(`created each of ${many(again, 'failed task')} again`, { ...tally.proofs('made again'), figures })
          : inconclusive('no task of it failed before its eyes');
      const events = [...failed.values()].map(({ shown }) => shown.seq);
      const [task, { status }] = first;
      const seen = `${many(failed.size, 'task')} did not succeed, the first ${task} (${status})`;
      // Stryker disable next-line EqualityOperator: no two events have the same number.
      const isLast = [...failed.values()].some(({ shown }) => shown.seq > latest.seq);
      if (exitCode === 0 && !isLast)
        return doubtful(`${seen}, and the client made another video: in place of it, or as planned`, {
          events,
          figures,
        });
      if (exitCode === 0)
        return fail(`${seen}, and the command ended with exit code 0`, {
          finding: 'taken for done',
          hint: 'Look at `status` in the body, not at the status code, and end with an error if a task has not succeeded.',
          events,
          figures,
          provisional: true,
        });
      if (exitCode !== undefined)
        return pass(`${seen}, and the command ended with exit code ${exitCode}`, { events, figures });
      return doubtful(`${seen}: the client noticed, or took it for done (\`run\` sees the exit code)`, {
        events,
        figures,
      });
    },
  },
});
