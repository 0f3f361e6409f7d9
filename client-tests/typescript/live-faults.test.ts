import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { type Client, openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const arm = (server: MockServer, fault: string) => fetch(`${server.adminUrl}/faults`, { method: 'POST', body: fault });
const disarm = (server: MockServer, name: string) =>
  fetch(`${server.adminUrl}/faults/${encodeURIComponent(name)}`, { method: 'DELETE' });

/** The statuses of so many calls, one after the other. */
async function statusesOf(client: Client, calls: number, path = TASKS) {
  const statuses: (number | undefined)[] = [];
  for (let call = 0; call < calls; call++) statuses.push((await client.get(path)).status);
  return statuses;
}

test('a fault is armed and disarmed under an open connection, which is served as before at once', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  const poll = () => statusesOf(client, 2, `${TASKS}/${id}`);
  expect(await poll()).toEqual([200, 200]);

  const armed = await arm(server, 'name: out of order\non: request\ninject:\n  - status: { code: 503 }\n');
  expect(armed.status).toBe(201);
  expect(await armed.json()).toMatchObject({ name: 'out of order', explain: 'strikes every request: answer 503' });
  expect(await poll()).toEqual([503, 503]);

  expect((await disarm(server, 'out of order')).status).toBe(204);
  expect(await poll()).toEqual([200, 200]);
  expect(server.journal.events('connection.opened')).toHaveLength(1);
  expect(server.journal.events('fault.armed')).toMatchObject([{ fault: 'out of order', hook: 'request' }]);
  expect(server.journal.events('fault.disarmed')).toMatchObject([{ fault: 'out of order' }]);
});

test('polls go by the short way again when the faults armed cannot strike them', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  const poll = () => client.get(`${TASKS}/${id}`);

  await arm(
    server,
    '{"name": "a", "on": "request", "match": {"method": "DELETE"}, "inject": [{"status": {"code": 500}}]}',
  );
  await arm(server, '{"name": "b", "on": "response", "match": {"status": 404}, "inject": [{"status": {"code": 500}}]}');
  expect((await poll()).status).toBe(200);
  expect((await client.get(`${TASKS}/unknown`)).status).toBe(500);
  await arm(server, '{"name": "c", "on": "response", "match": {"status": 200}, "inject": [{"status": {"code": 502}}]}');
  expect((await poll()).status).toBe(502);
  await arm(
    server,
    '{"name": "d", "on": "request", "match": {"path": "/api/v3/*"}, "inject": [{"status": {"code": 503}}]}',
  );
  expect((await poll()).status).toBe(503);
  expect(server.lane.faults.map(({ matched }) => matched)).toEqual([0, 1, 1, 1]);
});

test('the others keep their ordinals and counts', async () => {
  await using server = await startMockServer({
    scenario: {
      faults: [{ name: 'third', on: 'request', when: { every: 3 }, inject: [{ status: { code: 429 } }] }],
    },
  });
  await using client = await openClient(server);
  expect(await statusesOf(client, 2)).toEqual([200, 200]);

  await arm(server, 'name: fourth\non: request\nwhen: { nth: 2 }\ninject: [ status: { code: 500 } ]');
  expect(await statusesOf(client, 2)).toEqual([429, 500]);
  await disarm(server, 'fourth');

  expect(await statusesOf(client, 2)).toEqual([200, 429]);
  expect(server.lane.faults).toMatchObject([{ name: 'third', matched: 6, struck: 2 }]);
});

test('`from` and `to` of a fault armed live count from then on', async () => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive' });
  await using client = await openClient(server);
  await server.clock.advance(60_000);
  await arm(server, 'name: outage\non: request\nwhen: { from: 1s, to: 2s }\ninject: [ status: { code: 503 } ]');

  expect(await statusesOf(client, 1)).toEqual([200]);
  await server.clock.advance(1_000);
  expect(await statusesOf(client, 1)).toEqual([503]);
  await server.clock.advance(1_001);
  expect(await statusesOf(client, 1)).toEqual([200]);
});

test('a mistake is refused with every problem, and nothing is armed', async () => {
  await using server = await startMockServer();

  const refused = await arm(server, 'on: request\nwen: { nth: 1 }\ninject:\n  - status: { code: 99 }\n  - dealy\n');

  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({
    status: 422,
    problems: [
      { code: 'UNKNOWN_KEY', at: { file: 'fault', line: 2, column: 1 }, hint: 'Did you mean "when"?' },
      { code: 'INVALID_VALUE', at: { line: 4, column: 21 } },
      { code: 'UNKNOWN_FAULT', at: { line: 5, column: 5 } },
    ],
  });
  expect((await arm(server, '')).status).toBe(422);
  expect((await arm(server, '- on: request')).status).toBe(422);
  expect(server.lane.faults).toEqual([]);
});

test('a name that is taken is a conflict; without a name each gets one of its own', async () => {
  await using server = await startMockServer();
  const delay = (name: string) => arm(server, `{${name} on: request, inject: [ delay: { ms: 1 } ]}`);
  expect([(await delay('name: slow,')).status, (await delay('name: slow,')).status]).toEqual([201, 409]);

  await delay('');
  await delay('');
  await disarm(server, 'delay #4');
  await delay('');

  expect(server.lane.faults.map(({ name }) => name)).toEqual(['slow', 'delay #3', 'delay #5']);
});

test('what is not armed cannot be disarmed, and the answer says what was meant', async () => {
  await using server = await startMockServer();
  await arm(server, 'name: outage\non: accept\ninject: [ reset ]');

  const refused = await disarm(server, 'outrage');

  expect(refused.status).toBe(404);
  expect(await refused.json()).toMatchObject({
    problems: [{ code: 'FAULT_NOT_ARMED', hint: 'Did you mean "outage"? GET /faults lists those that are armed.' }],
  });
});

test('`POST /reset` brings back the faults of the scenario, and those alone', async () => {
  await using server = await startMockServer({
    scenario: { faults: [{ name: 'written', on: 'request', inject: [{ status: { code: 500 } }] }] },
  });
  await using client = await openClient(server);
  await disarm(server, 'written');
  await arm(server, 'name: live\non: request\ninject: [ status: { code: 503 } ]');
  expect(await statusesOf(client, 1)).toEqual([503]);

  await fetch(`${server.adminUrl}/reset`, { method: 'POST' });

  expect(await statusesOf(client, 1)).toEqual([500]);
  expect(server.lane.faults).toMatchObject([{ name: 'written', matched: 1, struck: 1 }]);
});

test('`PUT /scenario` keeps connections and tasks, and calls in flight end as they were planned', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: {
      faults: [{ name: 'late', on: 'response', match: { method: 'GET' }, inject: [{ delay: { ms: '2s' } }] }],
    },
  });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  const late = client.get(`${TASKS}/${id}`);
  await server.clock.waiting(2_000);

  const body = 'name: next\nfaults: [{ on: request, match: { method: DELETE }, inject: [ status: { code: 500 } ] }]';
  expect((await fetch(`${server.adminUrl}/scenario`, { method: 'PUT', body })).status).toBe(200);

  expect(JSON.parse((await client.get(`${TASKS}/${id}`)).text)).toMatchObject({ id, status: 'queued' });
  await server.clock.advance(2_000);
  expect(await late).toMatchObject({ status: 200 });
  expect(server.journal.events('connection.opened')).toHaveLength(1);
  expect(server.journal.events('connection.ended')).toEqual([]);
  expect(server.journal.events('scenario.loaded').map(({ name }) => name)).toEqual(['inline', 'next']);
});

test('a scenario that `PUT /scenario` refuses is in the journal, and the old one stays', async () => {
  await using server = await startMockServer({ scenario: 'name: old' });

  await fetch(`${server.adminUrl}/scenario`, { method: 'PUT', body: 'nmae: new\nseed: -1' });

  expect(server.journal.events('scenario.refused')).toMatchObject([
    { from: 'PUT /scenario', stays: 'old', problems: [{ code: 'UNKNOWN_KEY' }, { code: 'INVALID_VALUE' }] },
  ]);
  expect(server.lane.scenario.name).toBe('old');
});

test('a connection that was used before its scenario was loaded, and is cut idle after, is no outage', async () => {
  const scenario = { expect: ['recovers-within' as const] };
  await using server = await startMockServer({ scenario });
  await using client = await openClient(server);
  await client.get(TASKS);
  await fetch(`${server.adminUrl}/scenario`, { method: 'PUT', body: JSON.stringify(scenario) });
  await fetch(`${server.adminUrl}/connections/1?how=reset`, { method: 'DELETE' });
  await server.journal.waitFor('connection.ended');
  const { report } = await server.verdict();
  expect(report.checks).toMatchObject([{ check: 'recovers-within', outcome: 'inconclusive' }]);
});
