import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Call } from '../evidence.ts';

const CREATE = /\/contents\/generations\/tasks(\/.*)?$/;

/** A create is not idempotent, and a task that was created twice is billed twice (reference, Ark API section 2). */
export const noDuplicateCreates = defineCheck({
  name: 'no-duplicate-creates',
  summary: 'Creates one task for each create, also when the answer to it is lost.',
  definition: `Counts the tasks that each logical create call has made. More than one is a *duplicate*: the client repeated a create that
had been carried out. What helps: before a create is repeated, List tells whether its task exists; or not to repeat a create whose
answer was lost after it was sent. Inconclusive without any create.`,
  params: z.strictObject({}),
  expects: () => 'one task for each create',
  judgeClient({ calls }) {
    const creates = calls.filter(({ method, path }) => method === 'POST' && CREATE.test(path));
    const made = creates.map((call) => ({ call, tasks: tasksOf(call) }));
    const tasks = made.reduce((sum, one) => sum + one.tasks.length, 0);
    if (tasks === 0) return inconclusive('it created no task');
    const figures = { creates: creates.length, tasks };
    const doubled = made.filter((one) => one.tasks.length > 1);
    const seqs = (those: typeof made) => those.flatMap((one) => one.tasks.map(({ seq }) => seq));
    if (doubled.length === 0)
      return pass(`${many(tasks, 'task')} for ${many(creates.length, 'create')}`, { events: seqs(made), figures });
    const [worst] = doubled.toSorted((a, b) => b.tasks.length - a.tasks.length);
    return fail(
      `${many(worst?.tasks.length ?? 0, 'task')} for one create, known by ${worst?.call.bond} (${doubled.length} of ${many(creates.length, 'create')} made more than one)`,
      {
        finding: 'duplicate',
        hint: 'Do not repeat a create whose answer was lost: ask List first whether its task exists.',
        events: seqs(doubled),
        figures,
      },
    );
  },
});

const tasksOf = ({ attempts }: Call) => attempts.flatMap(({ task }) => task ?? []);
