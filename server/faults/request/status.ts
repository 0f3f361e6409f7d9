import { z } from 'zod';
import { closestTo } from '../../scenario/closest.ts';
import { arkCode, headerName, headerValue } from '../answer-schemas.ts';
import { knownArkCodes, statusOfCode } from '../ark-codes.ts';
import { defineFault } from '../fault.ts';
import type { PlannedStatus } from '../plans.ts';

/** RFC 9110, section 5.6.7, in the one form that a sender may use: `Sun, 06 Nov 1994 08:49:37 GMT`. */
const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [\d:]{8} GMT$/;

/** Longer bodies are not what this is about. */
const MAX_BODY_CHARACTERS = 65_536;

/** On `request` it stands in place of the work; on `response` the work is done, and its answer is replaced. */
export const status = defineFault({
  name: 'status',
  on: ['request', 'response'],
  summary: 'Answers with a status of its own.',
  params: z.strictObject({
    code: z.int().min(200).max(599).optional().describe('The status code; left out, the one that belongs to `error`.'),
    error: arkCode.optional().describe('The `code` in the error body; left out, the one that belongs to the status.'),
    body: z
      .union([
        z.enum(['ark', 'text', 'html', 'empty']),
        z.strictObject({
          text: z.string().max(MAX_BODY_CHARACTERS).describe('The body, word for word.'),
          type: headerValue.default('text/plain').describe('Its Content-Type.'),
        }),
      ])
      .default('ark')
      .describe("`ark`, the service's own; `text` or `html`, a gateway's; `empty`, none; or any text."),
    retryAfter: z
      .union([
        z.int().min(0),
        z.string().regex(HTTP_DATE, { error: 'Write seconds, or a date: Sun, 06 Nov 1994 08:49:37 GMT.' }),
      ])
      .optional()
      .describe("Header `Retry-After`: seconds of the lane's time, or a date as HTTP writes it."),
    headers: z.record(headerName, headerValue).default({}).describe('More headers.'),
  }),
  decides: 'status',
  shapes: 'head',
  contradiction({ code, error, body }) {
    if (code === undefined && error === undefined)
      return { param: '', reason: 'It says neither `code` nor `error`.', instead: 'Write one of them, or both.' };
    if (code === undefined && statusOfCode(error ?? '') === undefined) {
      const closest = closestTo(error ?? '', knownArkCodes);
      const instead = `${closest === undefined ? '' : `Did you mean \`${closest}\`? `}Write a \`code\` beside one of your own.`;
      return { param: 'error', reason: `The service has no error "${error}", so its status is unknown.`, instead };
    }
    if (error !== undefined && (code ?? 400) < 400)
      return {
        reason: `An answer ${code} has no error body, so \`error\` has no effect.`,
        instead: 'Leave `error` out, or choose a code from 400 to 599.',
        param: 'error',
      };
    return error !== undefined && code !== undefined && body !== 'ark'
      ? { param: 'error', reason: 'With a body of its own, `error` has no effect.', instead: 'Leave one of them out.' }
      : undefined;
  },
  explain: ({ code, error, body, retryAfter }) =>
    [
      'answer',
      statusOf({ code, error }),
      error,
      body !== 'ark' && (typeof body === 'object' ? 'with a body of its own' : bodies[body]),
      retryAfter !== undefined && `with Retry-After ${retryAfter}`,
    ]
      .filter(Boolean)
      .join(' '),
  apply({ plan, stage }, { code, error, body, retryAfter, headers }) {
    const answer: PlannedStatus = {
      code: statusOf({ code, error }),
      error,
      ...(body !== 'ark' && { body }),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      retryAfter,
    };
    if (stage === 'request') plan.statusBefore ??= answer;
    else plan.statusAfter ??= answer;
  },
});

const bodies = { text: "in a gateway's plain text", html: "in a gateway's HTML", empty: 'without a body' } as const;

/** The loader has seen to it that one of the two tells. */
const statusOf = ({ code, error }: { code?: number | undefined; error?: string | undefined }): number =>
  code ?? statusOfCode(error ?? '') ?? 500;
