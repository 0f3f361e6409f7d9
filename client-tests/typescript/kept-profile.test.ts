import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { openFolder, openServe } from './support/command-line.ts';
import { openHttp1Client } from './support/http1.ts';
import { TASKS } from './support/tasks.ts';

const OWN = 'name: next\nprofile: seedance\n';

/** Puts a scenario into force in two ways, and returns the profile after each. */
async function changeScenario(at: { readonly adminUrl: string }): Promise<readonly unknown[]> {
  const put = await callAdmin(at, 'PUT /scenario', OWN);
  const activated = await callAdmin(at, 'POST /scenarios/poll-reset/activate');
  return [put, activated].map(({ body }) => (body as { profile: unknown }).profile);
}

test('--profile stays in force when PUT /scenario and activate bring other scenarios', async () => {
  await using serving = await openServe(['--profile', 'dual-stack']);

  expect(await changeScenario(serving.ready)).toEqual(['dual-stack', 'dual-stack']);

  await using client = await openHttp1Client(serving);
  expect((await client.get(TASKS))?.status).toBe(200);
});

test('without --profile each scenario has its own', async () => {
  await using server = await startMockServer({ scenario: { profile: 'permissive' } });

  expect(await changeScenario(server)).toEqual(['seedance', 'seedance']);
});

test('a lane keeps the profile that it was opened with, over HTTP and in process', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  const { body } = await callAdmin(server, 'POST /lanes', '{"profile":"permissive"}');
  await using lane = await server.openLane({ profile: 'permissive' });
  await using other = await server.openLane();

  expect(await changeScenario(body as { adminUrl: string })).toEqual(['permissive', 'permissive']);
  expect(await changeScenario(lane)).toEqual(['permissive', 'permissive']);
  expect(await changeScenario(other)).toEqual(['seedance', 'seedance']);
});

test('--watch keeps --profile when the file names another', async () => {
  await using folder = await openFolder();
  const file = await folder.write('mine.yaml', 'name: one\n');
  await using serving = await openServe([file, '--watch', '--profile', 'permissive']);
  await serving.hearOf('scenario.loaded');

  await writeFile(file, OWN);

  expect(await serving.hearOf('scenario.loaded')).toMatchObject({ name: 'next' });
  expect((await callAdmin(serving.ready, 'GET /scenario')).body).toMatchObject({ profile: 'permissive' });
});

test('a seed stays until a scenario names one, wherever it came from', async () => {
  await using server = await startMockServer({ seed: 7 });
  const put = async (scenario: string) =>
    ((await callAdmin(server, 'PUT /scenario', scenario)).body as { seed: number }).seed;

  expect([await put('name: a'), await put('seed: 8'), await put('name: b')]).toEqual([7, 8, 8]);
});
