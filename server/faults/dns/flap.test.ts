import { expect, test } from 'vitest';
import type { DnsPlan } from '../plans.ts';
import { complaintsOf, occasionOf } from '../testing.ts';
import { flap } from './flap.ts';

/** What the first `count` queries are told in place of the truth. */
function answers(params: object, count: number) {
  const injection = flap.bind(flap.params.parse(params));
  const kept = { queries: 0 };
  const occasion = { ...occasionOf(), memory: () => kept as never };
  return Array.from({ length: count }, () => {
    const plan: DnsPlan = { delayMs: 0 };
    const context = { plan, transport: 'udp' } as never;
    if (injection.applies(context, occasion)) injection.apply(context, occasion);
    return plan.answer;
  });
}
const address = { rcode: 'NOERROR', addresses: ['127.0.0.2'] };

test('the truth comes first, and again', () =>
  expect(answers({ every: 1, wrong: '127.0.0.2' }, 5)).toEqual([undefined, address, undefined, address, undefined]));

test('a turn lasts for two queries, as A and AAAA come together', () =>
  expect(answers({ wrong: '127.0.0.2' }, 7)).toEqual([
    undefined,
    undefined,
    address,
    address,
    undefined,
    undefined,
    address,
  ]));

test.each([
  ['servfail', { rcode: 'SERVFAIL', addresses: [] }],
  ['nxdomain', { rcode: 'NXDOMAIN', addresses: [] }],
  ['silence', 'silence'],
])('the wrong answer can be %s', (wrong, answer) =>
  expect(answers({ wrong, every: 1 }, 2)).toEqual([undefined, answer]),
);

test('a turn has a length, and a wrong answer is one of those', () => {
  expect(complaintsOf(flap, { every: 0 })).toHaveLength(1);
  expect(complaintsOf(flap, { every: 1.5 })).toHaveLength(1);
  expect(complaintsOf(flap, { wrong: 'refused' })).toEqual([
    'wrong: Write servfail, nxdomain, silence, or an address.',
  ]);
});
