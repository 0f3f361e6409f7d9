import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Connection } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** HTTP/2 in clear text is refused (reference, A4; RFC 9113, section 3.3). */
export const noH2c = defineCheck({
  name: 'no-h2c',
  summary: 'Never tries HTTP/2 in clear text, by prior knowledge or by Upgrade.',
  definition: `Looks for the rule \`h2c\`: a connection preface or \`Upgrade: h2c\`, in clear text or inside TLS, or \`h2c\` in an ALPN list. Any of
them is *h2c*. Inconclusive where no connection got as far as a ClientHello or a request.`,
  params: z.strictObject({}),
  expects: () => 'h2c on no connection: HTTP/2 over TLS alone, chosen by ALPN',
  client: {
    watch(tally) {
      const cuts = new Map<Connection, number>();
      return {
        cuts,
        ruled(connection, { rule, seq }) {
          // A fault that chooses h2c is none of the client's doing.
          if (rule === 'h2c' && !connection.struck) cuts.set(connection, seq);
        },
        ended(connection) {
          measure(tally, connection, cuts.get(connection));
          cuts.delete(connection);
        },
      };
    },
    judge(tally, _params, { openConnections }, { cuts }) {
      for (const connection of openConnections) measure(tally, connection, cuts.get(connection));
      const { count } = tally.of('heard');
      if (count === 0) return inconclusive('it said nothing on any connection');
      const tries = tally.of('h2c').count;
      if (tries === 0) return pass(`no h2c on ${many(count, 'connection')}`, tally.proofs('heard'));
      return fail(`tried h2c on ${tries} of ${many(count, 'connection')}`, {
        finding: 'h2c',
        hint: 'Use an https:// base URL, and let ALPN choose h2; turn off "prior knowledge" and upgrade to h2c.',
        ...tally.proofs('h2c'),
      });
    },
  },
});

/** @param cut where the rule struck it */
function measure(tally: Tally, { opened, hello, requests, served }: Connection, cut: number | undefined): void {
  if (!hello && requests === 0 && cut === undefined) return;
  const events = [(hello ?? opened ?? served)?.seq, cut].filter((seq) => seq !== undefined);
  // Opened before the run, it may show nothing that proves what it spoke.
  if (events.length === 0) return;
  tally.note('heard', events);
  if (cut !== undefined || hello?.alpn?.includes('h2c')) tally.note('h2c', events);
}
