import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { askClient } from '../cli/run-client.ts';
import { buildJavaClients, java } from './java.ts';

const classpath = await buildJavaClients('resend');

describe.runIf(classpath)('OkHttp as it comes', () => {
  test.each([
    { call: 'a List', word: 'list', method: 'GET', at: 'before-commit', check: 'backoff', finding: 'too fast' },
    {
      call: 'a create',
      word: 'create',
      method: 'POST',
      at: 'after-commit',
      check: 'no-duplicate-creates',
      finding: 'duplicate',
    },
  ] as const)('sends $call again by itself, and the hint says so', async ({ word, method, at, check, finding }) => {
    await using server = await startMockServer({
      scenario: {
        faults: [{ name: 'cut', on: 'request', match: { method }, when: { nth: 2 }, inject: [{ end: { at } }] }],
        expect: [check],
      },
    });

    expect(await askClient(server, ...(await java(server, classpath ?? '', 'reference.Resend', word)))).toEqual([
      200, 200, 200,
    ]);

    expect((await server.verdict()).result(check)).toMatchObject({
      outcome: 'fail',
      clients: [{ finding, hint: expect.stringMatching(/^The HTTP library sent (?:it|the create) again by itself/) }],
    });
  });
});
