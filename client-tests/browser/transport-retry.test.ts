import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import { findChromium, openBrowser } from './chromium.ts';

const chromium = findChromium() ?? '';

test.runIf(chromium).each([
  { call: 'a List', method: 'GET', at: 'before-commit', check: 'backoff', finding: 'too fast' },
  { call: 'a create', method: 'POST', at: 'after-commit', check: 'no-duplicate-creates', finding: 'duplicate' },
] as const)('Chromium sends $call again by itself, and the hint says so', async ({ method, at, check, finding }) => {
  await using server = await startMockServer({
    profile: 'dual-stack',
    scenario: {
      faults: [
        { name: 'cut', on: 'request', match: { method, path: TASKS }, when: { nth: 2 }, inject: [{ end: { at } }] },
      ],
      expect: [check],
    },
  });
  const browser = await openBrowser(chromium);
  try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    // A page of the mock's own origin: what it fetches needs no preflight.
    await page.goto(`${server.url}${TASKS}`);
    const body = method === 'POST' ? JSON.stringify(textOnly) : null;
    const statuses = await page.evaluate(
      async ([path, verb, content]) => {
        const answers: number[] = [];
        for (let turn = 0; turn < 3; turn++) {
          const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
          const { status } = await fetch(path, { method: verb, headers, body: content });
          answers.push(status);
        }
        return answers;
      },
      [TASKS, method, body] as const,
    );
    // The page knows nothing of it.
    expect(statuses).toEqual([200, 200, 200]);
  } finally {
    await browser.close();
  }

  expect((await server.verdict()).result(check)).toMatchObject({
    outcome: 'fail',
    clients: [{ finding, hint: expect.stringMatching(/^The HTTP library sent (?:it|the create) again by itself/) }],
  });
});
