import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, onlyHurried, pass, percent } from '../check.ts';
import { isHurriedOff } from '../facts.ts';

/** Reuse of connections as the field report measures it (reference, B7). */
export const connectionReuse = defineCheck({
  name: 'connection-reuse',
  summary: 'Sends its requests over connections that it has already.',
  definition: `Of all requests, the share that came on a connection which had served one before; beside it, how many connections 100
requests took. The first request on a connection that replaces one which the service ended (a rule, a fault, a GOAWAY, the admin API, a shutdown) is left
out; where a clock that runs ahead made a rule end all of them too soon, nothing is left. A share below \`atLeast\` is *too many connections*. Inconclusive with fewer than \`samples\` requests: the first request on
each connection never counts as reused.`,
  params: z.strictObject({
    atLeast: z.number().min(0).max(1).default(0.8).describe('The least share of requests on a used connection.'),
    samples: z.int().min(2).default(5).describe('With fewer requests nothing is said.'),
  }),
  expects: ({ atLeast }) => `${percent(atLeast)} or more of the requests on connections that had served one before`,
  client: {
    watch: (tally, _params, { time }) => ({
      total: 0,
      reused: 0,
      request({ received, connection }) {
        this.total++;
        // By their numbers: a connection that is older than the scenario may have served one before.
        if (received.request > 1) this.reused++;
        if (connection.requests === 1) tally.note('connection', [received.seq]);
      },
      goaway({ goaways }) {
        if (goaways.length === 1) tally.note('ended', NONE);
      },
      ended(connection) {
        const { ended, goaways, requests, spoilt } = connection;
        if (requests > 0 && isHurriedOff(connection, time)) tally.note('hurried', [ended?.seq ?? 0]);
        // What a fault spoilt, the client may have to close itself.
        if (requests > 0 && goaways.length === 0 && ended && (ended.by !== 'client' || spoilt))
          tally.note('ended', NONE);
      },
    }),
    judge(tally, { atLeast, samples }, _now, { total, reused }) {
      const proofs = tally.proofs('connection');
      if (total < samples) return inconclusive(`it sent ${many(total, 'request')}, too few to tell`, proofs);
      const connections = tally.of('connection').count;
      // What the service ended has to be replaced, by one connection each.
      const replaced = Math.min(tally.of('ended').count, Math.max(0, connections - 1));
      const judged = total - replaced;
      const hurried = tally.of('hurried').count;
      // It may have left them, and not come back to them.
      if (reused === 0 && hurried > 0 && connections - replaced <= 1)
        return onlyHurried(hurried, tally.proofs('hurried'));
      // Who opens none that it need not reuses what can be reused.
      const reuse = replaced > 0 && connections - replaced === 1 ? 1 : reused / judged;
      const figures = { requests: total, connections, replaced, reuse, per100: (connections / total) * 100 };
      const but = replaced === 0 ? '' : `, ${many(replaced, 'connection')} that the service ended aside`;
      const seen = `reused a connection for ${percent(reuse)} of ${total} requests${but}, ${figures.per100.toFixed(1)} connections per 100 requests`;
      if (reuse >= atLeast) return pass(seen, { ...proofs, figures });
      return fail(seen, {
        finding: 'too many connections',
        hint: 'Keep one client (session, pool, agent) for all calls, read each answer to its end, and let idle connections live.',
        ...proofs,
        figures,
        provisional: true,
      });
    },
  },
});

const NONE: readonly number[] = [];
