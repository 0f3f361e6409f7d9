import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { askClient } from '../cli/run-client.ts';
import { connect, lighthouse, request, TASKS } from '../typescript/reference/http2-call.ts';
import { openFolder } from '../typescript/support/command-line.ts';
import { findPython, script } from './python.ts';

const python = (await findPython()) ?? '';

test.runIf(python)('junitparser reads the report: a test case for each check', async () => {
  await using server = await startMockServer({
    scenario: { name: 'a "quoted" <name>', expect: ['tasks-settled', 'no-duplicate-creates', 'backoff'] },
  });
  const session = await connect(server);
  await request(session, 'POST', TASKS, { body: lighthouse });
  session.destroy();
  await using folder = await openFolder();
  const report = await (await fetch(`${server.adminUrl}/report?format=junit`)).text();
  await writeFile(folder.at('verdict.xml'), report);

  expect(await askClient(server, python, script('junit_reader.py'), folder.at('verdict.xml'))).toEqual([
    {
      suite: 'seedance-mock a "quoted" <name>',
      ...{ tests: 3, failures: 1, skipped: 1 },
      cases: [
        ['tasks-settled', ['Failure']],
        ['no-duplicate-creates', []],
        ['backoff', ['Skipped']],
      ],
      messages: [expect.stringContaining('0 of 1 task seen to their end')],
    },
  ]);
});
