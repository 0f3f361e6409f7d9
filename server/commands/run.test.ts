import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { runRun } from './run.ts';
import { captureOutput } from './testing.ts';

test('a run that is interrupted before its command has started does not start it, and judges', async () => {
  const output = captureOutput();
  const host = Object.assign(new EventEmitter(), { stdout: output.stdout, stderr: output.stderr });
  const command = [process.execPath, '-e', 'process.exit(7)'];
  const ended = runRun({ scenario: 'healthy', command, report: [], log: 'silent', settleMs: 0 }, host);

  host.emit('SIGINT');

  expect(await ended).toBe(1);
  expect(output.out).toMatch(/inconclusive: 0 passed.*\ncommand: was interrupted\n$/);
});
