import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
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

test('GET /report of a server that runs blames nobody who may be about to try again', async () => {
  await using server = await start();
  await using client = await openClient(server);
  await client.post(TASKS, textOnly);
  const report = async (query = '') => {
    const answer = await fetch(`${server.adminUrl}/report${query}`);
    return answer.text();
  };
  const outcomeOf = (text: string) => (JSON.parse(text) as VerdictReport).outcome;
  expect(outcomeOf(await report())).toBe('inconclusive');
  expect(outcomeOf(await report('?final=true'))).toBe('fail');
  expect(await report('?format=junit')).toContain('failures="1"');
  expect((await server.verdict()).outcome).toBe('fail');

  await server.clock.advance(60_001);
  expect(outcomeOf(await report())).toBe('fail');
  expect(await report('?format=text')).toContain('so far: the run goes on, and this may still change');
  expect(await report('?format=text&final=true')).not.toContain('so far');
});
