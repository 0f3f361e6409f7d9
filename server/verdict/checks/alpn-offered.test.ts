import { expect, test } from 'vitest';
import { asks, findingsOf, judgeBy, opens, type Step } from '../testing.ts';
import { alpnOffered } from './alpn-offered.ts';

/** A connection for each list that is offered. */
const offers = (...lists: readonly (readonly string[] | null)[]): readonly Step[] =>
  lists.flatMap((alpn, index) => opens(index, index + 1, { alpn }));
const find = (params: object, steps: readonly Step[]) => findingsOf(alpnOffered, params, steps);

test.each([
  ['h2 alone', {}, [['h2']], 'pass'],
  ['h2 and more', {}, [['h2', 'http/1.1']], 'pass'],
  ['h2 and more, where h2 alone may be', { only: true }, [['h2', 'http/1.1']], 'too much'],
  ['two protocols in any order', { protocols: ['h2', 'http/1.1'], only: true }, [['http/1.1', 'h2']], 'pass'],
  ['one of two', { protocols: ['h2', 'http/1.1'] }, [['h2']], 'not offered'],
  ['http/1.1 alone', {}, [['http/1.1']], 'not offered'],
  ['a list without an entry', {}, [[]], 'not offered'],
  ['no list', {}, [null], 'no ALPN'],
  ['one of many without a list', {}, [['h2'], ['h2'], null], 'no ALPN'],
] as const)('%s: %j, %j', (_what, params, lists, finding) => expect(find(params, offers(...lists))).toEqual([finding]));

test('the events are those of the wrong ClientHellos, and the hint is for what is wrong with them', () => {
  const [client] = judgeBy(alpnOffered, {}, offers(['h2'], ['http/1.1'])).clients;
  expect(client).toMatchObject({
    seen: 'offered [h2], [http/1.1] in 2 ClientHellos (1 of them: not offered)',
    hint: 'Put h2 into the ALPN list of the TLS context, the preferred one first.',
    eventCount: 1,
  });
  const [bare] = judgeBy(alpnOffered, {}, offers(null)).clients;
  expect(bare?.hint).toContain('a context without one offers nothing');
});

test('where no ClientHello came nothing is told', () =>
  expect(find({}, opens(0, 1).slice(0, 1))).toEqual(['inconclusive']));

test('two clients are judged apart', () =>
  expect(find({}, [...offers(['h2']), ...opens(0, 2, { alpn: null, userAgent: 'milk/1' })])).toEqual([
    'pass',
    'no ALPN',
  ]));

test('a connection from before the run, whose ClientHello nothing shows, tells nothing', () =>
  expect(find({}, [asks(0, 1, 1)])).toEqual(['inconclusive']));
