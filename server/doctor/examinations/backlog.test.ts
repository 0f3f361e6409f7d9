import { expect, test } from 'vitest';
import { judgeBacklog } from './backlog.ts';

test.each([
  ['4096\n', 'ok'],
  ['65535\n', 'ok'],
  ['128\n', 'warn'],
  [undefined, 'warn'],
])('net.core.somaxconn %j: %s', (text, outcome) => expect(judgeBacklog(text).outcome).toBe(outcome));

test('the remedy says what to raise, on a machine and in a container', () => {
  expect(judgeBacklog('128\n').remedy).toMatch(/sysctl -w net\.core\.somaxconn=4096.*docker run --sysctl/);
});
