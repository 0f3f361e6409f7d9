import type { z } from 'zod';
import { problem, reasonOf, UsageError } from '../errors.ts';

/** Reads a JSON body by its schema.
 * @throws UsageError ADMIN_BAD_REQUEST */
export function readBody<S extends z.ZodType>(body: unknown, schema: S): z.output<S> {
  let given: unknown;
  try {
    given = JSON.parse(typeof body === 'string' && body !== '' ? body : '{}');
  } catch (error) {
    throw new UsageError([problem('ADMIN_BAD_REQUEST', { reason: `The body is not JSON: ${reasonOf(error)}.` })]);
  }
  return readBySchema(given, schema);
}

/** Checks a query or a body that has been parsed.
 * @throws UsageError ADMIN_BAD_REQUEST */
export function readBySchema<S extends z.ZodType>(given: unknown, schema: S): z.output<S> {
  const checked = schema.safeParse(given);
  if (checked.success) return checked.data;
  throw new UsageError(
    checked.error.issues.map((issue) => {
      const where = issue.path.length > 0 ? `\`${issue.path.join('.')}\`: ` : '';
      return problem('ADMIN_BAD_REQUEST', { reason: `${where}${wordsOf(issue)}.` });
    }),
  );
}

/** The schemas of durations name a problem of scenarios in place of a message. */
function wordsOf({ message, ...issue }: z.core.$ZodIssue): string {
  if (message === 'INVALID_DURATION') return 'write a number and its unit, in quotes: "250ms", "8s", "48h"';
  if (message === 'DURATION_TOO_LONG' && issue.code === 'custom') return `write ${issue.params?.limit} or less`;
  return message;
}
