import { z } from 'zod';
import { pathOf } from '../calls.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

const CREATE = /\/contents\/generations\/tasks(\/.*)?$/;

/** A create is not idempotent, and a task that was created twice is billed twice (reference, Ark API section 2). */
export const noDuplicateCreates = defineCheck({
  name: 'no-duplicate-creates',
  summary: 'Creates one task for each create, also when the answer to it is lost.',
  definition: `Counts the tasks that each logical create call has made. More than one is a *duplicate*: the client repeated a create that
had been carried out. What helps: before a create is repeated, List tells whether its task exists; or not to repeat a create whose
answer was lost after it was sent. Inconclusive without any create.`,
  params: z.strictObject({}),
  mergeSensitive: true,
  expects: () => 'one task for each create',
  client: {
    watch: (tally) => ({
      request({ received: { method, path, seq } }, { attempts }) {
        if (attempts === 1 && method === 'POST' && CREATE.test(pathOf(path))) tally.note('create', [seq]);
      },
      task({ task }, { tasks, taskCount, bond, method, path }) {
        if (!task || method !== 'POST' || !CREATE.test(path)) return;
        tally.note('task', [task.seq]);
        if (taskCount < 2) return;
        if (taskCount === 2) tally.note('doubled', []);
        // The first is a proof as well, once there is a second.
        const events = taskCount === 2 ? tasks.map(({ seq }) => seq) : [task.seq];
        tally.note('duplicate', events, taskCount, `${many(taskCount, 'task')} for one create, known by ${bond}`);
      },
    }),
    judge(tally) {
      const [creates, tasks, doubled] = [tally.of('create').count, tally.of('task').count, tally.of('doubled').count];
      if (tasks === 0) return inconclusive('it created no task');
      const figures = { creates, tasks };
      const worst = tally.of('duplicate').most;
      if (!worst)
        return pass(`${many(tasks, 'task')} for ${many(creates, 'create')}`, { ...tally.proofs('task'), figures });
      return fail(`${worst.what} (${doubled} of ${many(creates, 'create')} made more than one)`, {
        finding: 'duplicate',
        hint: 'Do not repeat a create whose answer was lost: ask List first whether its task exists.',
        ...tally.proofs('duplicate'),
        figures,
      });
    },
  },
});
