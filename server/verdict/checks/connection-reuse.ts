import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass, percent } from '../check.ts';

/** Reuse of connections as the field report measures it (reference, B7). */
export const connectionReuse = defineCheck({
  name: 'connection-reuse',
  summary: 'Sends its requests over connections that it has already.',
  definition: `Of all requests, the share that came on a connection which had served one before; beside it, how many connections 100
requests took. A share below \`atLeast\` is *too many connections*. Inconclusive with fewer than \`samples\` requests: the first request on
each connection never counts as reused.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(0.8).describe('The least share of requests on a used connection.'),
    samples: z.int().min(2).default(5).describe('With fewer requests nothing is said.'),
  }),
  expects: ({ atLeast }) => `${percent(atLeast)} or more of the requests on connections that had served one before`,
  judgeClient({ connections }, { atLeast, samples }) {
    const used = connections.filter(({ requests }) => requests.length > 0);
    const total = used.reduce((sum, { requests }) => sum + requests.length, 0);
    // By their numbers: a connection that is older than the scenario may have served one before.
    const reused = used.flatMap(({ requests }) => requests.filter(({ received }) => received.request > 1)).length;
    const events = used.flatMap(({ requests: [first] }) => first?.received.seq ?? []);
    if (total < samples) return inconclusive(`it sent ${many(total, 'request')}, too few to tell`, events);
    const figures = {
      requests: total,
      connections: used.length,
      reuse: reused / total,
      per100: (used.length / total) * 100,
    };
    const seen = `reused a connection for ${percent(reused / total)} of ${total} requests, ${figures.per100.toFixed(1)} connections per 100 requests`;
    if (reused / total >= atLeast) return pass(seen, { events, figures });
    return fail(seen, {
      finding: 'too many connections',
      hint: 'Keep one client (session, pool, agent) for all calls, read each answer to its end, and let idle connections live.',
      events,
      figures,
    });
  },
});
