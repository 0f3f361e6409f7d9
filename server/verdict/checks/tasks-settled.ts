import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Evidence, Request } from '../evidence.ts';

const TASK = /\/contents\/generations\/tasks\/([^/?]+)/;
const LIST = /\/contents\/generations\/tasks\/?(\?|$)/;
const OVER: readonly string[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** A task that nobody looks after is paid for, and its result is gone after a day (reference, Ark API sections 6 and 10). */
export const tasksSettled = defineCheck({
  name: 'tasks-settled',
  summary: 'Follows every task that it creates to its end, or gives it up by cancelling it.',
  definition: `A task is *settled* when, after it was over, a Get or List of any client was answered with 200, or a callback that told its end
was acknowledged; or when it was cancelled or deleted. One that is over and was not seen is *not seen*; one that is still on its way when
the run is judged is *left behind*. Inconclusive without a task.`,
  params: z.strictObject({}),
  expects: () => 'every task seen to its end, or cancelled',
  judgeRun({ of, clients }: Evidence) {
    const created = of('task.created');
    if (created.length === 0) return inconclusive('no task was created');
    const ends = new Map(of('task.changed').flatMap((event) => (OVER.includes(event.to) ? [[event.task, event]] : [])));
    const deleted = new Set(of('task.deleted').map(({ task }) => task));
    const looks = clients
      .flatMap(({ connections }) => connections.flatMap(({ requests }) => requests))
      .filter(wasAnswered);
    const told = of('callback.answered').filter(
      ({ code, status }) => code >= 200 && code < 300 && OVER.includes(status),
    );

    const open = created.filter(({ task }) => {
      const end = ends.get(task);
      if (deleted.has(task) || end?.to === 'cancelled') return false;
      return !end || !(told.some((callback) => callback.task === task) || looks.some((look) => shows(look, task, end)));
    });
    const seen = `${created.length - open.length} of ${many(created.length, 'task')} seen to their end`;
    const figures = { tasks: created.length, settled: created.length - open.length };
    if (open.length === 0) return pass(seen, { events: created.map(({ seq }) => seq), figures });
    const unseen = open.filter(({ task }) => ends.has(task));
    return fail(`${seen}, the first that was not: ${open[0]?.task}`, {
      finding: unseen.length > 0 ? 'not seen' : 'left behind',
      hint: 'Keep the ids of created tasks where they outlive a failed poll, and poll until a state is final; DELETE what you give up.',
      events: open.flatMap(({ seq, task }) => [seq, ...[ends.get(task)?.seq ?? []].flat()]),
      figures,
    });
  },
});

const wasAnswered = ({ received, answer, cut }: Request): boolean =>
  received.method === 'GET' && answer?.status === 200 && cut === undefined;

const shows = ({ received, answer }: Request, task: string, end: JournalEvent<'task.changed'>): boolean =>
  answer !== undefined && answer.seq > end.seq && (LIST.test(received.path) || TASK.exec(received.path)?.[1] === task);
