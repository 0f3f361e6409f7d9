import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** HTTP/2 in clear text is refused (reference, A4; RFC 9113, section 3.3). */
export const noH2c = defineCheck({
  name: 'no-h2c',
  summary: 'Never tries HTTP/2 in clear text, by prior knowledge or by Upgrade.',
  definition: `Looks for the rule \`h2c\`: a connection preface or \`Upgrade: h2c\`, in clear text or inside TLS, or \`h2c\` in an ALPN list. Any of
them is *h2c*.`,
  params: z.strictObject({}),
  expects: () => 'TLS and ALPN on every connection, and h2c on none',
  judgeClient({ connections }, _, { of }) {
    if (connections.length === 0) return inconclusive('it never connected');
    const own = new Set(connections.map(({ id }) => id));
    const refused = of('rule.applied').filter(({ rule, connection }) => rule === 'h2c' && own.has(connection));
    const named = connections.flatMap(({ hello }) => (hello?.alpn?.includes('h2c') ? hello : []));
    const tries = [...refused, ...named].map(({ seq }) => seq);
    if (tries.length === 0) return pass(`no h2c on ${many(connections.length, 'connection')}`, { events: [] });
    return fail(`tried h2c ${tries.length === 1 ? 'once' : `${tries.length} times`}`, {
      finding: 'h2c',
      hint: 'Use an https:// base URL, and let ALPN choose h2; turn off "prior knowledge" and upgrade to h2c.',
      events: tries,
    });
  },
});
