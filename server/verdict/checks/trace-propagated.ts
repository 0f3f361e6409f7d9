import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** A call that failed can only be found downstream by its trace (reference, B2). */
export const tracePropagated = defineCheck({
  name: 'trace-propagated',
  summary: 'Sends a trace id with every request.',
  definition: `Counts the requests that came with \`traceparent\` (W3C Trace Context) or \`X-Async-Trace-ID\`. One without is *no trace*. Inconclusive without
a request.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(1).describe('The least share of requests with a trace id.'),
  }),
  expects: ({ atLeast }) =>
    `a trace id on ${atLeast === 1 ? 'every request' : `${Math.round(atLeast * 100)} % of the requests`}`,
  judgeClient({ connections }, { atLeast }) {
    const requests = connections.flatMap((connection) => connection.requests.map(({ received }) => received));
    if (requests.length === 0) return inconclusive('it sent no request');
    const without = requests.filter(({ traceparent, asyncTraceId }) => (traceparent ?? asyncTraceId) === undefined);
    const share = 1 - without.length / requests.length;
    const seen = `${requests.length - without.length} of ${many(requests.length, 'request')} came with a trace id`;
    if (share >= atLeast) return pass(seen, { events: requests.map(({ seq }) => seq), figures: { share } });
    return fail(`${seen}, the first without: ${without[0]?.method} ${without[0]?.path}`, {
      finding: 'no trace',
      hint: 'Send `traceparent` with every request, retries and polls too: a call that is cut leaves nothing else to look for.',
      events: without.map(({ seq }) => seq),
      figures: { share },
    });
  },
});
