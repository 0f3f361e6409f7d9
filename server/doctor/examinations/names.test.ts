import { expect, test } from 'vitest';
import { subjectFor } from '../testing.ts';
import { judgeNames, names } from './names.ts';

const loopback = { host: 'localhost', addresses: ['127.0.0.1', '::1'], lane: ['127.0.0.1'] };
const lost = { trouble: 'ENOTFOUND' };

test.each([
  ['all is well', loopback, 'ok', 'localhost is 127.0.0.1 and ::1; *.localhost is 127.0.0.1'],
  [
    'a host that is not there',
    { ...loopback, host: 'mock.test', addresses: lost },
    'fail',
    'mock.test is not to be found: ENOTFOUND',
  ],
  ['no names for lanes', { ...loopback, lane: lost }, 'warn', '*.localhost is not to be found (ENOTFOUND)'],
  ['lanes that lead elsewhere', { ...loopback, lane: ['198.51.100.7'] }, 'warn', '*.localhost is 198.51.100.7'],
  ['localhost without 127.0.0.1', { ...loopback, addresses: ['::1'] }, 'warn', 'and not 127.0.0.1'],
  [
    'a host elsewhere, which has no lanes by name',
    { host: 'mock.test', addresses: ['192.0.2.7'], lane: lost },
    'ok',
    'mock.test is 192.0.2.7',
  ],
])('%s', (_name, seen, outcome, words) => {
  const finding = judgeNames(seen);
  expect(finding).toMatchObject({ outcome, seen: expect.stringContaining(words) });
  expect(finding.remedy === undefined).toBe(outcome === 'ok');
});

test('an address needs no resolver, and a name that cannot be fails', async () => {
  const examine = (host: string) => names.examine(subjectFor({ kind: 'target', host }), AbortSignal.timeout(10_000));
  expect(await examine('127.0.0.1')).toEqual({ outcome: 'ok', seen: '127.0.0.1 is an address' });
  expect(await examine('no such name')).toMatchObject({ outcome: 'fail' });
});
