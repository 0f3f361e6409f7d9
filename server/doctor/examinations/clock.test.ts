import { expect, test } from 'vitest';
import { judgeClock } from './clock.ts';

/** Noon by the server's Date header, which holds until a second later. */
const NOON = Date.parse('2026-11-26T12:00:00Z');

const judge = (askedAtMs: number, answeredAtMs: number) =>
  judgeClock({ time: { serverMs: NOON, askedAtMs: NOON + askedAtMs, answeredAtMs: NOON + answeredAtMs } });

test.each([
  ['the same time', 0, 10, 'ok', 'agree within a second'],
  ['late in the second', 999, 1_005, 'ok', 'agree within a second'],
  ['a slow answer, in which anything may have happened', -5_000, 5_000, 'ok', 'agree within a second'],
  ['just noticeable', 2_001, 2_001, 'warn', 'the server is 1 s behind this machine'],
  ['behind', 31_000, 31_010, 'warn', 'the server is 30 s behind'],
  ['too far behind', 31_001, 31_010, 'fail', '30 s are a reset'],
  ['ahead', -5_010, -5_000, 'warn', 'the server is 5 s ahead of this machine'],
  ['too far ahead', -30_011, -30_001, 'fail', 'the server is 30 s ahead'],
])('%s', (_name, askedAtMs, answeredAtMs, outcome, words) => {
  const finding = judge(askedAtMs, answeredAtMs);
  expect(finding).toMatchObject({ outcome, seen: expect.stringContaining(words) });
  if (outcome !== 'ok') expect(finding.remedy).toContain('NTP');
});

test('without a time nothing can be told', () => {
  expect(judgeClock({})).toMatchObject({ outcome: 'warn', seen: expect.stringContaining('cannot be told') });
});
