import { z } from 'zod';
import { queryNumber } from '../openapi/query-number.ts';
import { invalid } from './errors.ts';
import { type Task, taskStatuses } from './task.ts';

const page = z.int().min(1).max(500);

/** The query of List (reference, section 4); what it does not know is ignored. */
export const listQuerySchema = z.object({
  page_num: queryNumber(page.default(1)).describe('1 to 500.'),
  page_size: queryNumber(page.default(20)).describe('1 to 500.'),
  'filter.status': z.enum(taskStatuses).optional().describe('One status; left out, all of them.'),
  'filter.task_ids': z
    .union([z.array(z.string()), z.string().transform((id) => [id])])
    .optional()
    .describe('Repeated once per id.'),
  'filter.model': z.string().optional().describe('Exactly what the request named: a model id or `ep-…`.'),
  'filter.service_tier': z
    .enum(['default', 'flex'])
    .default('default')
    .describe('Tasks of the offline tier are absent without `flex`.'),
});

export type ListQuery = Readonly<z.output<typeof listQuerySchema>>;

/** One page of what matched, and how many matched in all. */
export interface TaskPage {
  readonly total: number;
  readonly tasks: readonly Task[];
}

/**
 * Reads the query of List.
 * @throws ArkError 400 naming the key whose value is out of range
 */
export function readListQuery(query: unknown): ListQuery {
  const { data, error } = listQuerySchema.safeParse(query);
  if (data) return data;
  const name = String(error.issues[0]?.path[0]);
  throw invalid(name, `the parameter ${name} specified in the request is not valid`);
}

/** Picks a page out of tasks that are already in order. Past the end it is empty, with the true total. */
export function selectPage(tasks: readonly Task[], query: ListQuery): TaskPage {
  const { 'filter.status': status, 'filter.task_ids': ids, 'filter.model': model } = query;
  const wanted = ids && new Set(ids);
  const matches = tasks.filter(
    (task) =>
      (status === undefined || task.status === status) &&
      (wanted === undefined || wanted.has(task.id)) &&
      (model === undefined || task.settings.requestedModel === model) &&
      task.settings.serviceTier === query['filter.service_tier'],
  );
  const start = (query.page_num - 1) * query.page_size;
  return { total: matches.length, tasks: matches.slice(start, start + query.page_size) };
}
