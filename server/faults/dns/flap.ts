import { isIP } from 'node:net';
import { z } from 'zod';
import { defineFault } from '../fault.ts';
import type { DnsPlan } from '../plans.ts';
import { NOBODYS_ADDRESS } from './wrong-address.ts';

const failures = new Map<string, NonNullable<DnsPlan['answer']>>([
  ['servfail', { rcode: 'SERVFAIL', addresses: [] }],
  ['nxdomain', { rcode: 'NXDOMAIN', addresses: [] }],
  ['silence', 'silence'],
]);

/** A zone in the middle of a change, or two servers of which one is stale: a client that asks again may be told otherwise. */
export const flap = defineFault({
  name: 'flap',
  on: ['dns'],
  summary: 'Answers DNS queries rightly and wrongly by turns: first `every` of them rightly, then as many wrongly.',
  params: z.strictObject({
    wrong: z
      .string()
      .refine((text) => failures.has(text) || isIP(text) !== 0, {
        error: 'Write servfail, nxdomain, silence, or an address.',
      })
      .default(NOBODYS_ADDRESS)
      .describe('The wrong answer: `servfail`, `nxdomain`, `silence`, or an address.'),
    every: z
      .int()
      .min(1)
      .default(2)
      .describe('How many queries a turn lasts; most clients send two at once, for A and AAAA.'),
  }),
  decides: 'answer',
  explain: ({ wrong, every }) => `answer with ${wrong} in place of the truth, by turns of ${every}`,
  applies: (_context, { every }, { memory }) => {
    const seen = memory(() => ({ queries: 0 }));
    return Math.floor(seen.queries++ / every) % 2 === 1;
  },
  apply({ plan }, { wrong }) {
    plan.answer ??= failures.get(wrong) ?? { rcode: 'NOERROR', addresses: [wrong] };
  },
});
