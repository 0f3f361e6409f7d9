import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { canRun, runClient } from './run-client.ts';

const TASKS = '/api/v3/contents/generations/tasks';

const hasNghttp = canRun('nghttp', '--version');
if (!hasNghttp) console.log('nghttp tests are left out: there is no nghttp');

describe.runIf(hasNghttp)('nghttp', () => {
  test('negotiates h2 and is served', async () => {
    await using server = await startMockServer();

    const { stdout } = await runClient(
      server,
      'nghttp',
      '-nv',
      '-H',
      'authorization: Bearer x',
      `${server.url}${TASKS}`,
    );

    expect(stdout).toContain('The negotiated protocol: h2');
    expect(stdout).toContain(':status: 200');
    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test.each([
    ['with prior knowledge', '-nv', 'client attempted h2c downgrade -> denied (ALPN-only mode enforced)'],
    ['by an upgrade', '-nuv', "rejecting 'h2c' upgrade request"],
  ])('that speaks h2c %s is reset before it is answered', async (_how, options, line) => {
    await using server = await startMockServer();

    const url = server.url.replace('https', 'http');
    const { stdout, stderr } = await runClient(server, 'nghttp', options, `${url}${TASKS}`);

    expect(`${stdout}${stderr}`).not.toContain(':status:');
    expect(stderr).toContain('Some requests were not processed. total=1, processed=0');
    expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'h2c', line: `http2: server: ${line}` }]);
    expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset' }]);
  });
});
