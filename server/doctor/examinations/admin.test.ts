import { expect, test } from 'vitest';
import { judgeAdmin } from './admin.ts';

const view = { url: 'http://localhost:8480', named: true };

test('what is in force is told', () => {
  expect(judgeAdmin({ ...view, scenario: { name: 'poll-reset', profile: 'seedance' } })).toEqual({
    outcome: 'ok',
    seen: 'http://localhost:8480 answers: scenario "poll-reset", profile seedance',
  });
});

test.each([
  ['unreachable', true, 'fail'],
  ['unreachable', false, 'warn'],
  ['foreign', true, 'fail'],
  ['foreign', false, 'warn'],
  ['refused', true, 'fail'],
  ['refused', false, 'warn'],
  ['token', true, 'warn'],
] as const)('%s, named: %s -> %s, and the option that helps', (kind, named, outcome) => {
  const finding = judgeAdmin({ ...view, named, trouble: { kind, why: 'connect ECONNREFUSED' } });
  expect(finding.outcome).toBe(outcome);
  expect(finding.remedy).toContain(kind === 'token' ? '--admin-token' : '--admin');
});
