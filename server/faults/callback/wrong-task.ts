import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A mix-up in the service: the body speaks of one task, the header `biz-id` of another, whose status it is. */
export const wrongTask = defineFault({
  name: 'wrong-task',
  on: ['callback'],
  summary: "Puts another task's id into the body; the header `biz-id` keeps the right one.",
  params: z.strictObject({}),
  decides: 'task',
  explain: () => "put another task's id into its body",
  applies: ({ plan }) => !plan.dropped && !plan.wrongTask,
  apply({ plan }) {
    plan.wrongTask = true;
  },
});
