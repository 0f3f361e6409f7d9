import { expect, test } from 'vitest';
import { Ending } from './ending.ts';
import { runRun } from './run.ts';
import { captureOutput, makeHost } from './testing.ts';

test('a run that is interrupted before its command has started does not start it, and judges', async () => {
  const output = captureOutput();
  const host = makeHost(output);
  const command = [process.execPath, '-e', 'process.exit(7)'];
  const options = { scenario: 'healthy', command, report: [], log: 'silent', settleMs: 0 } as const;
  const ended = runRun(options, { host, ending: new Ending(host) });

  host.signal();

  expect(await ended).toBe(1);
  expect(output.out).toMatch(/inconclusive: 0 passed.*\ncommand: was interrupted\n$/);
});
