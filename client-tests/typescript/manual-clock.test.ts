import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openClient } from './support/client.ts';
import { callMock, openFolder } from './support/command-line.ts';
import { createTask, getTask } from './support/tasks.ts';

const cut = { end: { at: 'before-commit', how: 'reset' } } as const;
const scenario = {
  faults: [{ name: 'cut', on: 'request', match: { method: 'GET' }, when: { first: 1 }, inject: [cut] }],
  // No test machine takes so long to come back.
  expect: [{ backoff: { base: '20s' } }],
} as const satisfies ScenarioInput;

const byAdmin = (server: MockServer) => callAdmin(server, 'POST /clock/advance', '{"by":"25s"}');

/** A client whose poll is cut, and that comes back as soon as `meanwhile` is over. */
async function comeBack(server: MockServer, meanwhile: () => Promise<unknown>): Promise<void> {
  await using first = await openClient(server);
  const task = await createTask(first);
  await getTask(first, task).catch(() => {});
  await server.journal.waitFor('connection.ended');
  await meanwhile();
  await using second = await openClient(server);
  await getTask(second, task);
}

describe('under a manual clock', () => {
  test('what the admin API advances says nothing about how long a client waited', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario });
    await comeBack(server, () => byAdmin(server));
    const { report } = await server.verdict();
    const [result] = report.checks;
    expect(result).toMatchObject({ outcome: 'inconclusive' });
    expect(result?.clients[0]?.seen).toMatch(/^by the real clock it .*; by the lane's clock, .* it /);
  });

  test('a client that waited by neither clock is hasty', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario });
    await byAdmin(server);
    await comeBack(server, async () => {});
    expect((await server.verdict()).report.checks).toMatchObject([{ clients: [{ finding: 'too fast' }] }]);
  });

  test('a program that advances the clock in its own process has clients that wait by it', async () => {
    await using server = await startMockServer({ clock: 'manual', scenario });
    await comeBack(server, () => server.clock.advance(25_000));
    expect((await server.verdict()).outcome).toBe('pass');
  });

  test('a recording is judged by both clocks, too', async () => {
    await using folder = await openFolder();
    const record = folder.at('recording');
    const server = await startMockServer({ clock: 'manual', scenario, record });
    await comeBack(server, () => byAdmin(server));
    const last = await (await fetch(`${server.adminUrl}/report`)).text();
    await server.close();
    expect(JSON.parse(last)).toMatchObject({ outcome: 'inconclusive' });
    expect((await callMock('report', '--record', record, '--format', 'json')).stdout).toBe(last);
  });
});

test('a clock that runs ahead: the idle rule that it hurries does not make a client hasty', async () => {
  await using server = await startMockServer({ clock: 20, scenario: { ...scenario, faults: [] } });
  await using first = await openClient(server);
  const task = await createTask(first);
  await server.journal.waitFor('connection.ended', ({ cause }) => cause === 'idle');
  await using second = await openClient(server);
  await getTask(second, task);
  const [result] = (await server.verdict()).report.checks;
  expect(result).toMatchObject({
    outcome: 'inconclusive',
    clients: [{ seen: expect.stringMatching(/^a rule cut 1 connection after less silence than the service allows/) }],
  });
});
