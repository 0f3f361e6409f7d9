import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';

/** ALPN is the only way to HTTP/2 here (reference, A1 to A3 and B13). */
export const alpnOffered = defineCheck({
  name: 'alpn-offered',
  summary: 'Offers the protocols by ALPN in every ClientHello.',
  definition: `Looks at the ALPN list of every ClientHello. None at all is *no ALPN*; a list without one of \`protocols\` is *not offered*; with
\`only\`, a list that has anything else is *too much*. Inconclusive where no ClientHello came.`,
  params: z.strictObject({
    protocols: z.array(z.string().min(1)).min(1).default(['h2']).describe('What each list must have.'),
    only: z.boolean().default(false).describe('Whether it may have nothing else.'),
  }),
  expects: ({ protocols, only }) =>
    `ALPN with ${only ? 'nothing but ' : ''}${protocols.join(' and ')} in every ClientHello`,
  judgeClient({ connections }, { protocols, only }) {
    const hellos = connections.flatMap(({ hello }) => hello ?? []);
    if (hellos.length === 0) return inconclusive('it sent no ClientHello');
    const none = hellos.filter(({ alpn }) => alpn === null);
    const lacking = hellos.filter(({ alpn }) => alpn !== null && !protocols.every((name) => alpn.includes(name)));
    const excess = hellos.filter(({ alpn }) => only && alpn?.some((name) => !protocols.includes(name)));
    const lists = [...new Set(hellos.map(({ alpn }) => (alpn === null ? 'no ALPN' : `[${alpn.join(', ')}]`)))].join(
      ', ',
    );
    const seen = `offered ${lists} in ${many(hellos.length, 'ClientHello')}`;
    const [finding, wrong] =
      none.length > 0
        ? (['no ALPN', none] as const)
        : lacking.length > 0
          ? (['not offered', lacking] as const)
          : (['too much', excess] as const);
    const list = `[${protocols.join(', ')}]`;
    const hints = {
      'no ALPN': `Set the ALPN list of the TLS context to ${list}: a context without one offers nothing.`,
      'not offered': `Put ${protocols.join(' and ')} into the ALPN list of the TLS context, the preferred one first.`,
      'too much': `Cut the ALPN list of the TLS context down to ${list}: what else it offers may be chosen.`,
    };
    const events = (those: typeof hellos) => those.map(({ seq }) => seq);
    if (wrong.length === 0) return pass(seen, { events: events(hellos) });
    return fail(`${seen} (${wrong.length} of them: ${finding})`, {
      finding,
      hint: hints[finding],
      events: events(wrong),
    });
  },
});
