import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass, percent } from '../check.ts';

/** W3C Trace Context, sections 3.2 and 4.3: of neither the trace id nor the span id may all digits be 0, and only a later version may say
 * more. */
const FIELDS = '(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}';
const TRACEPARENT = new RegExp(`^(?:00-${FIELDS}|(?!00|ff)[0-9a-f]{2}-${FIELDS}(?:-.*)?)$`);

/** A call that failed can only be found downstream by its trace (reference, B2). */
export const tracePropagated = defineCheck({
  name: 'trace-propagated',
  summary: 'Sends a trace id with every request.',
  definition: `Counts the requests that came with a well-formed \`traceparent\` (W3C Trace Context) or with \`X-Async-Trace-ID\`. Where fewer than
\`atLeast\` did it is *no trace*. Preflights (OPTIONS) and the heartbeat endpoint need none. Inconclusive without a request.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share of requests with a trace id.'),
  }),
  expects: ({ atLeast }) => `a trace id on ${atLeast === 1 ? 'every request' : `${percent(atLeast)} of the requests`}`,
  client: {
    watch: (tally) => ({
      request({ received: { traceparent = '', asyncTraceId = '', method, seq }, target: { path } }) {
        if (!needsTrace(method, path)) return;
        const has = TRACEPARENT.test(traceparent) || asyncTraceId.trim() !== '';
        if (has) tally.note('traced', [seq]);
        // Stryker disable next-line ConditionalExpression: it saves work alone.
        else if (tally.of('untraced').count > 0) tally.note('untraced', [seq]);
        else tally.note('untraced', [seq], 0, `${method} ${path}`);
      },
    }),
    judge(tally, { atLeast }) {
      const [traced, untraced] = [tally.of('traced'), tally.of('untraced')];
      const total = traced.count + untraced.count;
      if (total === 0) return inconclusive('it sent no request');
      const share = traced.count / total;
      const seen = `${traced.count} of ${many(total, 'request')} came with a trace id`;
      if (share >= atLeast) return pass(seen, { ...tally.proofs('traced', 'untraced'), figures: { share } });
      return fail(`${seen}, the first without: ${untraced.first[0]?.what}`, {
        finding: 'no trace',
        hint: 'Send `traceparent: 00-<trace id>-<span id>-01` with every request, retries and polls too: a call that is cut leaves nothing else to look for.',
        ...tally.proofs('untraced'),
        figures: { share },
        ...(atLeast < 1 && { provisional: true }),
      });
    },
  },
});

/** Browsers ask before a call by themselves, and a heartbeat is none of a job's calls. */
const needsTrace = (method: string, path: string): boolean => method !== 'OPTIONS' && !path.endsWith('/heartbeat');
