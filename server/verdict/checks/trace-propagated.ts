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
\`atLeast\` did it is *no trace*. Inconclusive without a request.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share of requests with a trace id.'),
  }),
  expects: ({ atLeast }) => `a trace id on ${atLeast === 1 ? 'every request' : `${percent(atLeast)} of the requests`}`,
  judgeClient({ connections }, { atLeast }) {
    const requests = connections.flatMap((connection) => connection.requests.map(({ received }) => received));
    if (requests.length === 0) return inconclusive('it sent no request');
    const without = requests.filter(
      ({ traceparent = '', asyncTraceId = '' }) => !TRACEPARENT.test(traceparent) && asyncTraceId.trim() === '',
    );
    const share = (requests.length - without.length) / requests.length;
    const seen = `${requests.length - without.length} of ${many(requests.length, 'request')} came with a trace id`;
    if (share >= atLeast) return pass(seen, { events: requests.map(({ seq }) => seq), figures: { share } });
    return fail(`${seen}, the first without: ${without[0]?.method} ${without[0]?.path.split('?')[0]}`, {
      finding: 'no trace',
      hint: 'Send `traceparent: 00-<trace id>-<span id>-01` with every request, retries and polls too: a call that is cut leaves nothing else to look for.',
      events: without.map(({ seq }) => seq),
      figures: { share },
    });
  },
});
