import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { askClient, runClient } from '../cli/run-client.ts';
import { buildGoClient } from './go.ts';

const program = (await buildGoClient('nethttp')) ?? '';

describe.runIf(program)('Go clients', () => {
  test('net/http speaks HTTP/2 as it comes, and keeps its connection', async () => {
    await using server = await startMockServer();

    expect(await askClient(server, program)).toEqual([
      { proto: 'HTTP/2.0', status: 200, reused: false },
      { proto: 'HTTP/2.0', status: 200, reused: true },
    ]);

    expect(server.journal.events('connection.opened')).toHaveLength(1);
  });

  test('net/http that was told to leave HTTP/2 alone is reset in the default profile (rule A2)', async () => {
    await using server = await startMockServer();

    const { exitCode, stderr } = await runClient(server, program, '-http1');

    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('connection reset by peer')]);
    expect(server.journal.events('rule.applied')).toMatchObject([
      { rule: 'alpn', did: expect.stringContaining('--profile dual-stack') },
    ]);
  });

  test('net/http that was told to leave HTTP/2 alone is served in profile dual-stack', async () => {
    await using server = await startMockServer({ profile: 'dual-stack' });

    expect(await askClient(server, program, '-http1')).toEqual([
      { proto: 'HTTP/1.1', status: 200, reused: false },
      { proto: 'HTTP/1.1', status: 200, reused: true },
    ]);
  });

  test.each([
    { call: 'a List', words: ['-http1'], at: 'before-commit', check: 'backoff', finding: 'too fast' },
    {
      call: 'a create',
      words: ['-http1', '-create'],
      at: 'after-commit',
      check: 'no-duplicate-creates',
      finding: 'duplicate',
    },
  ] as const)('net/http sends $call again by itself, and the hint says so', async ({ words, at, check, finding }) => {
    await using server = await startMockServer({
      profile: 'dual-stack',
      scenario: {
        faults: [{ name: 'cut', on: 'request', when: { nth: 2 }, inject: [{ end: { at } }] }],
        expect: [check],
      },
    });

    await askClient(server, program, ...words);

    expect((await server.verdict()).result(check)).toMatchObject({
      outcome: 'fail',
      clients: [{ finding, hint: expect.stringMatching(/^The HTTP library sent (?:it|the create) again by itself/) }],
    });
  });
});
