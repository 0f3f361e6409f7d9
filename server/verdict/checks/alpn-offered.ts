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
  client: {
    watch: (tally, { protocols, only }) => ({
      hello({ hello }) {
        // Stryker disable next-line ConditionalExpression: it is there, unknown to the compiler.
        if (!hello) return;
        const { alpn, seq } = hello;
        tally.note('hello', [seq]);
        tally.list(alpn === null ? 'no ALPN' : `[${alpn.join(', ')}]`);
        if (alpn === null) tally.note('no ALPN', [seq]);
        else if (!protocols.every((name) => alpn.includes(name))) tally.note('not offered', [seq]);
        else if (only && alpn.some((name) => !protocols.includes(name))) tally.note('too much', [seq]);
      },
    }),
    judge(tally, { protocols }) {
      const { count } = tally.of('hello');
      if (count === 0) return inconclusive('it sent no ClientHello');
      const seen = `offered ${tally.listed.join(', ')} in ${many(count, 'ClientHello')}`;
      const finding = FINDINGS.find((name) => tally.of(name).count > 0);
      if (!finding) return pass(seen, tally.proofs('hello'));
      const list = `[${protocols.join(', ')}]`;
      const hints = {
        'no ALPN': `Set the ALPN list of the TLS context to ${list}: a context without one offers nothing.`,
        'not offered': `Put ${protocols.join(' and ')} into the ALPN list of the TLS context, the preferred one first.`,
        'too much': `Cut the ALPN list of the TLS context down to ${list}: what else it offers may be chosen.`,
      };
      return fail(`${seen} (${tally.of(finding).count} of them: ${finding})`, {
        finding,
        hint: hints[finding],
        ...tally.proofs(finding),
      });
    },
  },
});

/** The gravest first. */
const FINDINGS = ['no ALPN', 'not offered', 'too much'] as const;
