import { expect, test } from 'vitest';
import { judgeOpenFiles } from './open-files.ts';

const limit = (soft: number, hard = soft) => ({ soft, hard });

test.each([
  ['enough for both', { connections: 1_000, own: limit(1_100), shell: limit(1_100) }, 'ok'],
  ['one too few for the mock', { connections: 1_000, own: limit(1_099), shell: limit(1_100) }, 'fail'],
  ['one too few for clients', { connections: 1_000, own: limit(4_096), shell: limit(1_099, 4_096) }, 'warn'],
  [
    'enough for the mock, and nothing known of clients',
    { connections: 1_000, own: limit(4_096), shell: undefined },
    'ok',
  ],
])('%s', (_name, seen, outcome) => expect(judgeOpenFiles(seen).outcome).toBe(outcome));

test('the remedy says how many, and who has to help', () => {
  const short = { connections: 5_000, own: limit(1_024, 8_192), shell: limit(1_024, 8_192) };
  expect(judgeOpenFiles(short).remedy).toBe('Raise it with `ulimit -n 5100` where you start both.');
  expect(judgeOpenFiles({ ...short, own: limit(1_024) }).remedy).toMatch(/ulimit -n 5100.*limits\.conf.*nofile=5100/);
  expect(judgeOpenFiles({ ...short, own: limit(8_192) }).remedy).toMatch(/where you start the client/);
});
