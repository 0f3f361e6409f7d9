import { expect, test } from 'vitest';
import { asks, ends, findingsOf, judgeBy, opens, type Step } from '../testing.ts';
import { certificatesRefused } from './certificates-refused.ts';

const shows = (id: number, certificate = 'expired'): Step => [
  0,
  { type: 'certificate.shown', connection: id, certificate },
];
const refuses = (id: number): readonly Step[] => [...opens(0, id).slice(0, 2), shows(id), ends(5, id)];

test('a connection that is left without a request was refused, its handshake done or not', () => {
  expect(findingsOf(certificatesRefused, {}, refuses(1))).toEqual(['pass']);
  const [opened = [], hello = [], secured = []] = opens(0, 1) as Step[];
  const done = [opened, hello, shows(1), secured, ends(5, 1)] as Step[];
  expect(findingsOf(certificatesRefused, {}, done)).toEqual(['pass']);
});

test('a request on it is one too many', () => {
  const trusts = [
    ...opens(0, 2).slice(0, 2),
    shows(2, 'unknown-ca'),
    ...opens(0, 2).slice(2),
    asks(5, 2, 1),
    ends(6, 2),
  ];
  expect(judgeBy(certificatesRefused, {}, [...refuses(1), ...trusts]).clients).toMatchObject([
    {
      finding: 'sent a request',
      seen: 'sent 1 request in spite of a certificate that is signed by an unknown CA',
      figures: { refused: 1, trusted: 1 },
    },
  ]);
});

test('requests on other connections tell nothing', () =>
  expect(findingsOf(certificatesRefused, {}, [...opens(0, 1), asks(1, 1, 1), ends(2, 1)])).toEqual(['inconclusive']));

test('one that is open still tells nothing', () =>
  expect(findingsOf(certificatesRefused, {}, [...opens(0, 1).slice(0, 2), shows(1), ...opens(0, 1).slice(2)])).toEqual([
    'inconclusive',
  ]));
