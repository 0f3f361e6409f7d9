import { z } from 'zod';
import { arkCode, headerName, headerValue } from '../answer-schemas.ts';
import { defineFault } from '../fault.ts';
import type { PlannedStatus } from '../plans.ts';

/** RFC 9110, section 5.6.7, in the one form that a sender may use: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [\d:]{8} GMT$/;

/** On `request` it stands in place of the work; on `response` the work is done, and its answer is replaced. */
export const status = defineFault({
  name: 'status',
  on: ['request', 'response'],
  summary: 'Answers with a status of its own.',
  params: z.strictObject({
    code: z.int().min(200).max(599).describe('The status code.'),
    error: arkCode.optional().describe('The `code` in the error body; left out, the one that belongs to the status.'),
    retryAfter: z
      .union([
        z.int().min(0),
        z.string().regex(HTTP_DATE, { error: 'Write seconds, or a date: Sun, 06 Nov 1994 08:49:37 GMT.' }),
      ])
      .optional()
      .describe('Header `Retry-After`: seconds, or a date as HTTP writes it.'),
    headers: z.record(headerName, headerValue).default({}).describe('More headers.'),
  }),
  decides: 'status',
  shapes: 'head',
  contradiction: ({ code, error }) =>
    error !== undefined && code < 400
      ? {
          reason: `An answer ${code} has no error body, so \`error\` has no effect.`,
          instead: 'Leave `error` out, or choose a code from 400 to 599.',
          param: 'error',
        }
      : undefined,
  explain: ({ code, error, retryAfter }) =>
    ['answer', code, error, retryAfter !== undefined && `with Retry-After ${retryAfter}`].filter(Boolean).join(' '),
  apply({ plan, stage }, { code, error, retryAfter, headers }) {
    const answer: PlannedStatus = { code, error, headers: answerHeaders(headers, retryAfter) };
    if (stage === 'request') plan.statusBefore ??= answer;
    else plan.statusAfter ??= answer;
  },
});

function answerHeaders(headers: Readonly<Record<string, string>>, retryAfter: number | string | undefined) {
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(retryAfter === undefined ? lowerCase : [...lowerCase, ['retry-after', String(retryAfter)]]);
}
