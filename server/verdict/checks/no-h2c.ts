import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** HTTP/2 in clear text is refused (reference, A4; RFC 9113, section 3.3). */
export const noH2c = defineCheck({
  name: 'no-h2c',
  summary: 'Never tries HTTP/2 in clear text, by prior knowledge or by Upgrade.',
  definition: `Looks for the rule \`h2c\`: a connection preface or \`Upgrade: h2c\`, in clear text or inside TLS, or \`h2c\` in an ALPN list. Any of
them is *h2c*. Inconclusive where no connection got as far as a ClientHello or a request.`,
  params: z.strictObject({}),
  expects: () => 'h2c on no connection: HTTP/2 over TLS alone, chosen by ALPN',
  judgeClient({ connections }, _, { of }) {
    const refused = Map.groupBy(
      of('rule.applied').filter(({ rule }) => rule === 'h2c'),
      ({ connection }) => connection,
    );
    const told = connections.filter(({ id, hello, requests }) => hello || requests.length > 0 || refused.has(id));
    if (told.length === 0) return inconclusive('it said nothing on any connection');
    const tries = told.filter(({ id, hello }) => refused.has(id) || hello?.alpn?.includes('h2c'));
    const events = (those: typeof told) =>
      those.flatMap(({ id, opened, hello }) => {
        const [cut] = refused.get(id) ?? [];
        return [(hello ?? opened)?.seq, cut?.seq].filter((seq) => seq !== undefined);
      });
    if (tries.length === 0) return pass(`no h2c on ${many(told.length, 'connection')}`, { events: events(told) });
    return fail(`tried h2c on ${tries.length} of ${many(told.length, 'connection')}`, {
      finding: 'h2c',
      hint: 'Use an https:// base URL, and let ALPN choose h2; turn off "prior knowledge" and upgrade to h2c.',
      events: events(tries),
    });
  },
});
