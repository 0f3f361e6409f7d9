import { expect, test } from 'vitest';
import { subjectFor } from '../testing.ts';
import { judgeNode, node } from './node.ts';

const seen = { version: '24.1.0', needed: '22.18', openSsl: '3.5.0', outOfReach: undefined };

test.each([
  ['22.18.0', 'ok'],
  ['22.19.1', 'ok'],
  ['26.0.0', 'ok'],
  ['22.17.9', 'fail'],
  ['20.20.2', 'fail'],
])('Node %s is %s where 22.18 is needed', (version, outcome) => {
  expect(judgeNode({ ...seen, version }).outcome).toBe(outcome);
});

test('an old Node is told which one is needed', () => {
  expect(judgeNode({ ...seen, version: '20.20.2' })).toEqual({
    outcome: 'fail',
    seen: 'Node 20.20.2 with OpenSSL 3.5.0, 22.18 is needed',
    remedy: 'Install Node 22.18 or newer.',
  });
});

test('without koffi some faults are out of reach, and the reason is told', () => {
  const { outcome, seen: told, remedy } = judgeNode({ ...seen, outOfReach: "Cannot find module 'koffi'" });
  expect(outcome).toBe('warn');
  expect(told).toContain("no early-data, alpn-select and no-tickets (Cannot find module 'koffi')");
  expect(remedy).toContain('npm install koffi');
});

test('this Node is good enough: the tests run on it', async () => {
  const { outcome, seen: told } = await node.examine(subjectFor({ kind: 'machine' }), AbortSignal.timeout(10_000));
  expect([outcome, told]).toEqual(['ok', expect.stringContaining(`Node ${process.versions.node} with OpenSSL`)]);
});
