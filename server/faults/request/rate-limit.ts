import { z } from 'zod';
import { RateWindows } from '../../rate-windows.ts';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Occasion } from '../../scenario/scenario.ts';
import { arkCode } from '../answer-schemas.ts';
import { defineFault } from '../fault.ts';

const windowsOf = ({ memory }: Occasion, perMs: number) => memory(() => new RateWindows(perMs));

const keyOf = ({ facts }: Occasion, by: 'lane' | 'client' | 'connection') =>
  (by === 'lane' ? undefined : facts[by]) ?? '';

/** Reference, section 8: the service is not known to send Retry-After, hence `none`. */
export const rateLimit = defineFault({
  name: 'rate-limit',
  on: ['request'],
  summary: 'Carries out only so many requests in a time, and answers those above with 429.',
  params: z.strictObject({
    requests: z.int().min(0).describe('How many are carried out in each window.'),
    per: duration({ minMs: 1 }).describe('How long a window is; the first request after one opens the next.'),
    by: z.enum(['lane', 'client', 'connection']).default('client').describe('Who has a window of their own.'),
    error: arkCode.default('AccountRateLimitExceeded').describe('The `code` in the error body.'),
    retryAfter: z
      .union([z.int().min(0), z.enum(['none'])])
      .optional()
      .describe(
        "Header `Retry-After` in seconds of the lane's time, or none; left out, the time until the window closes.",
      ),
  }),
  decides: 'status',
  shapes: 'head',
  explain: ({ requests, per, by, error }, occasion) =>
    occasion
      ? `answer 429 ${error}, as ${requests} requests per ${renderDuration(per)} are exceeded`
      : `answer 429 ${error} to more than ${requests} requests per ${renderDuration(per)} and ${by}`,
  applies: (_context, { requests, per, by }, occasion) =>
    !windowsOf(occasion, per).take(keyOf(occasion, by), requests, occasion.nowMs),
  apply({ plan }, { per, by, error, retryAfter }, occasion) {
    const closesMs = windowsOf(occasion, per).closesAt(keyOf(occasion, by), occasion.nowMs);
    const after = retryAfter ?? (closesMs - occasion.nowMs) / 1_000;
    plan.statusBefore ??= { code: 429, error, headers: {}, ...(after !== 'none' && { retryAfter: after }) };
  },
});
