import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import type { VerdictReport } from '../../server/verdict/verdict.ts';
import { openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const start = () =>
  startMockServer({
    clock: 'manual',
    scenario: {
      service: { idle: 'off', heartbeat: 'off' },
      faults: [{ name: 'busy', on: 'request', match: { method: 'POST' }, inject: [{ status: { code: 503 } }] }],
      expect: ['recovers-within'],
    },
  });

const reportOf = async ({ adminUrl }: MockServer, query = '') => (await fetch(`${adminUrl}/report${query}`)).text();
const outcomeOf = (text: string) => (JSON.parse(text) as VerdictReport).outcome;

test('GET /report of a server that runs says that a client gave up once that has closed its connections', async () => {
  await using server = await start();
  const client = await openClient(server);
  await client.post(TASKS, textOnly);
  await client.finish();
  await server.journal.waitFor('connection.ended');
  expect(outcomeOf(await reportOf(server))).toBe('fail');
  expect(await reportOf(server, '?format=text')).toContain('so far: the run goes on, and this may still change');
});

test('GET /report of a server that runs does not blame a client that may be about to try again', async () => {
  await using server = await start();
  await using client = await openClient(server);
  await client.post(TASKS, textOnly);
  const report = (query?: string) => reportOf(server, query);
  expect(outcomeOf(await report())).toBe('inconclusive');
  expect(outcomeOf(await report('?final=true'))).toBe('fail');
  expect(await report('?format=junit')).toContain('failures="1"');
  expect((await server.verdict()).outcome).toBe('fail');

  await server.clock.advance(60_001);
  expect(outcomeOf(await report())).toBe('fail');
  for (const format of ['text', 'html'])
    expect(await report(`?format=${format}`)).toContain('so far: the run goes on, and this may still change');
  expect(await report('?format=text&final=true')).not.toContain('so far');
});
