import { z } from 'zod';
import { duration, renderDuration } from '../../scenario/duration.ts';
import type { Occasion } from '../../scenario/scenario.ts';
import { arkCode } from '../answer-schemas.ts';
import { defineFault } from '../fault.ts';

/** How many windows are open at once; the one not asked for longest makes room, and starts anew. */
const MAX_WINDOWS = 10_000;

/** What one connection or client has used of the time that its first request opened. */
interface Window {
  readonly closesMs: number;
  admitted: number;
}

const windowsOf = ({ memory }: Occasion) => memory(() => new Map<string | number, Window>());

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
      .describe('Header `Retry-After` in seconds, or none; left out, the time until the window closes.'),
  }),
  decides: 'status',
  shapes: 'head',
  explain: ({ requests, per, by, error }, occasion) =>
    occasion
      ? `answer 429 ${error}, as ${requests} requests per ${renderDuration(per)} are exceeded`
      : `answer 429 ${error} to more than ${requests} requests per ${renderDuration(per)} and ${by}`,
  applies(_context, { requests, per, by }, occasion) {
    const window = windowOf(occasion, by, per);
    if (window.admitted >= requests) return true;
    window.admitted++;
    return false;
  },
  apply({ plan }, { per, by, error, retryAfter }, occasion) {
    const { closesMs } = windowOf(occasion, by, per);
    const after = retryAfter ?? Math.ceil((closesMs - occasion.nowMs) / 1_000);
    plan.statusBefore ??= { code: 429, error, headers: after === 'none' ? {} : { 'retry-after': String(after) } };
  },
});

function windowOf(occasion: Occasion, by: 'lane' | 'client' | 'connection', perMs: number): Window {
  const windows = windowsOf(occasion);
  const key = (by === 'lane' ? undefined : occasion.facts[by]) ?? '';
  const open = windows.get(key);
  const window = open && open.closesMs > occasion.nowMs ? open : { closesMs: occasion.nowMs + perMs, admitted: 0 };
  // Put back at the end, so that the first is always the one not asked for longest.
  windows.delete(key);
  windows.set(key, window);
  const [oldest] = windows.size > MAX_WINDOWS ? windows.keys() : [];
  if (oldest !== undefined) windows.delete(oldest);
  return window;
}
