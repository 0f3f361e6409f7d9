import { expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS } from './support/tasks.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];
type When = NonNullable<FaultInput['when']>;

/** Answers 503 when it strikes, and 200 when it does not. */
const start = (when: When, seed = 7) =>
  startMockServer({
    seed,
    clock: 'manual',
    profile: 'permissive',
    scenario: { faults: [{ name: 'busy', on: 'request', when, inject: [{ status: { code: 503 } }] }] },
  });

/** The statuses that one connection sees, call by call. */
async function statusesOf(server: MockServer, calls: number, headers: Record<string, string> = {}) {
  await using client = await openClient(server);
  const statuses: (number | undefined)[] = [];
  for (let call = 0; call < calls; call++) statuses.push((await client.get(TASKS, headers)).status);
  return statuses;
}

test.each<[When, number[]]>([
  [{}, [503, 503, 503, 503, 503, 503]],
  [{ nth: 3 }, [200, 200, 503, 200, 200, 200]],
  [{ nth: [1, 5] }, [503, 200, 200, 200, 503, 200]],
  [{ every: 2 }, [200, 503, 200, 503, 200, 503]],
  [{ first: 2 }, [503, 503, 200, 200, 200, 200]],
  [{ after: 4 }, [200, 200, 200, 200, 503, 503]],
  [{ times: 2 }, [503, 503, 200, 200, 200, 200]],
  [{ every: 2, times: 2 }, [200, 503, 200, 503, 200, 200]],
  [{ every: 2, after: 2 }, [200, 200, 200, 503, 200, 503]],
  [{ after: 1, first: 3 }, [200, 503, 503, 200, 200, 200]],
  [{ probability: 0 }, [200, 200, 200, 200, 200, 200]],
  [{ probability: 1 }, [503, 503, 503, 503, 503, 503]],
])('%j strikes %j', async (when, statuses) => {
  await using server = await start(when);
  expect(await statusesOf(server, 6)).toEqual(statuses);
});

test('ordinals count over all connections, unless told otherwise', async () => {
  await using server = await start({ nth: 3 });
  expect(await statusesOf(server, 2)).toEqual([200, 200]);
  expect(await statusesOf(server, 2)).toEqual([503, 200]);
});

test('`per: connection` counts each connection from 1', async () => {
  await using server = await start({ nth: 2, per: 'connection' });
  expect(await statusesOf(server, 3)).toEqual([200, 503, 200]);
  expect(await statusesOf(server, 3)).toEqual([200, 503, 200]);
});

test('`per: client` counts each API key from 1, over its connections', async () => {
  await using server = await start({ nth: 2, per: 'client' });
  const asAnna = { authorization: 'Bearer anna' };
  const asBob = { authorization: 'Bearer bob' };
  expect(await statusesOf(server, 1, asAnna)).toEqual([200]);
  expect(await statusesOf(server, 1, asBob)).toEqual([200]);
  expect(await statusesOf(server, 2, asAnna)).toEqual([503, 200]);
  expect(await statusesOf(server, 2, asBob)).toEqual([503, 200]);
});

test('`per: task` counts the calls about each task from 1', async () => {
  await using server = await start({ nth: 2, per: 'task' });
  await using client = await openClient(server);
  const seen: (number | undefined)[] = [];
  for (const id of ['cgt-a', 'cgt-b', 'cgt-a', 'cgt-a', 'cgt-b'])
    seen.push((await client.get(`${TASKS}/${id}`)).status);
  expect(seen).toEqual([404, 404, 503, 404, 503]);
});

test('`connection` limits a fault to the connections it names', async () => {
  await using server = await start({ connection: { nth: 2 } });
  expect(await statusesOf(server, 2)).toEqual([200, 200]);
  expect(await statusesOf(server, 2)).toEqual([503, 503]);
  expect(await statusesOf(server, 2)).toEqual([200, 200]);
});

test('`from` and `to` are times since the scenario was loaded', async () => {
  await using server = await start({ from: '10s', to: '20s' });
  expect(await statusesOf(server, 1)).toEqual([200]);
  await server.clock.advance(9_999);
  expect(await statusesOf(server, 1)).toEqual([200]);
  await server.clock.advance(1);
  expect(await statusesOf(server, 1)).toEqual([503]);
  await server.clock.advance(10_000);
  expect(await statusesOf(server, 1)).toEqual([503]);
  await server.clock.advance(1);
  expect(await statusesOf(server, 1)).toEqual([200]);
});

test('a match decides what is counted', async () => {
  await using server = await startMockServer({
    scenario: {
      faults: [
        {
          name: 'busy',
          on: 'request',
          match: { method: 'GET', path: `${TASKS}/:id`, headers: { 'x-tenant': 'blue*' } },
          when: { nth: 2 },
          inject: [{ status: { code: 503 } }],
        },
      ],
    },
  });
  await using client = await openClient(server);
  const blue = { 'x-tenant': 'blue-1' };
  const calls = [
    client.get(TASKS, blue),
    client.get(`${TASKS}/a`, blue),
    client.get(`${TASKS}/a`, { 'x-tenant': 'red' }),
    client.get(`${TASKS}/a`),
    client.get(`${TASKS}/b?x=1`, blue),
  ];
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 404, 404, 404, 503]);
});

test('`POST /reset` starts the counting over', async () => {
  await using server = await start({ nth: 2 });
  expect(await statusesOf(server, 1)).toEqual([200]);
  await fetch(`${server.adminUrl}/reset`, { method: 'POST' });
  expect(await statusesOf(server, 2)).toEqual([200, 503]);
});

test('the same seed strikes the same calls, another seed others', async () => {
  const when = { probability: 0.5 };
  await using server = await start(when, 7);
  await using again = await start(when, 7);
  await using other = await start(when, 8);
  const seen = await statusesOf(server, 24);

  expect(seen).toContain(200);
  expect(seen).toContain(503);
  expect(await statusesOf(again, 24)).toEqual(seen);
  expect(await statusesOf(other, 24)).not.toEqual(seen);
});

test('concurrency does not reorder chance: as many calls are struck, the same ordinals', async () => {
  const when = { probability: 0.3 };
  await using one = await start(when);
  await using many = await start(when);
  await statusesOf(one, 40);
  await Promise.all(Array.from({ length: 8 }, () => statusesOf(many, 5)));

  const struck = (server: MockServer) => server.journal.events('fault.injected').map(({ ordinal }) => ordinal);
  expect(struck(many)).toEqual(struck(one));
});
