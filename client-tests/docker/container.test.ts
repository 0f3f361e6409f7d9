import { once } from 'node:events';
import { GenericContainer, getContainerRuntimeClient, Network } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  AdminError,
  SeedanceMockContainer,
  type StartedSeedanceMockContainer,
} from '../../server/fixtures/container.ts';
import { lighthouse, connect as open, request, TASKS } from '../typescript/reference/http2-call.ts';
import { dockerIsReady, hasProxy, image } from './docker.ts';
import { exampleClient } from './example-client.ts';
import { type Reachable, seeIdleEnd } from './idle-end.ts';

if (!dockerIsReady)
  console.log(
    `Docker tests are left out: no daemon answers that has "${image}"; \`docker build -t ${image} .\` switches them on`,
  );

/** Eight idle seconds are over in 0.4. */
const SPEED = 20;

/** A client that has to trust the CA, and ends with the test. */
async function openSession(mock: Reachable) {
  const session = await open({ url: mock.getUrl(), ca: await mock.getCaPem() });
  onTestFinished(() => session.destroy());
  return session;
}

const createTask = async (mock: Reachable, apiKey?: string): Promise<string> => {
  const headers = { ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) };
  const answer = await request(await openSession(mock), 'POST', TASKS, { headers, body: lighthouse });
  return JSON.parse(answer.body).id;
};

/** Its video is done at once, and its idle end comes soon. */
const hurried = { tasks: { queued: '100ms', running: '100ms' }, service: { idle: { after: '2s' } } } as const;

test.each(['', ' '])('the empty token %j is refused', (token) => {
  expect(() => new SeedanceMockContainer(image).withAdminToken(token)).toThrow('expected a token that is not empty');
});

describe.runIf(dockerIsReady)('a container with published ports', () => {
  let mock: StartedSeedanceMockContainer;
  const warnings: string[] = [];
  const hear = (warning: Error & { readonly code?: string }) => void warnings.push(warning.code ?? warning.message);
  beforeAll(async () => {
    process.on('warning', hear);
    mock = await new SeedanceMockContainer(image).withSpeed(SPEED).withSeed(4711).withLanes(2).start();
  });
  afterAll(async () => {
    process.off('warning', hear);
    await mock.stop();
  });

  // CI's own daemon has no proxy; proxied.test.ts shows the other world, whatever daemon this is.
  test('tells truly what becomes of a reset on its way', async () => {
    const proxied = await hasProxy(Number(new URL(mock.getUrl()).port));

    const ending = await seeIdleEnd(mock);

    const warned = warnings.filter((code) => code === 'SEEDANCE_MOCK_RESETS_LOST');
    expect([mock.getResetFidelity(), ending, warned]).toEqual(
      proxied ? ['fin', 'closed', ['SEEDANCE_MOCK_RESETS_LOST']] : ['reset', 'ECONNRESET', []],
    );
    expect(await mock.events('rule.applied')).toMatchObject([{ rule: 'idle' }]);
    expect(await mock.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset' }]);
  });

  test('is told to arm and disarm faults, to take scenarios into force, and to start over', async () => {
    expect(await mock.activate('poll-reset')).toMatchObject({ name: 'poll-reset' });
    expect(await mock.load({ name: 'mine', seed: 4711 })).toMatchObject({ name: 'mine', seed: 4711, faults: [] });

    const armed = await mock.arm({ name: 'gone', on: 'request', inject: [{ status: { code: 503 } }] });

    expect(armed).toMatchObject({ name: 'gone', on: 'request', struck: 0 });
    expect((await request(await openSession(mock), 'GET', TASKS)).status).toBe(503);
    await mock.disarm('gone');
    expect((await request(await openSession(mock), 'GET', TASKS)).status).toBe(200);
    expect(await mock.reset()).toMatchObject({ seed: 4711 });
  });

  test('refuses with every problem and its way out', async () => {
    const refusal = await mock.arm('on: request\ninject: [ go-away ]').catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(AdminError);
    expect(refusal).toMatchObject({ status: 422, problems: [{ code: 'UNKNOWN_FAULT' }] });
    expect(String(refusal)).toMatch(
      /POST .*\/faults was refused with 422\n.*UNKNOWN_FAULT[\s\S]*Did you mean "goaway"\?/,
    );
    await expect(mock.activate('poll-rest')).rejects.toThrow('There is no bundled scenario "poll-rest".');
    await expect(mock.disarm('never armed')).rejects.toThrow('No armed fault is called "never armed".');
  });

  test('opens lanes that do not see each other, each reached on a port of its own or by its key', async () => {
    await using still = await mock.openLane({ clock: 'manual', scenario: { expect: ['tasks-settled'] } });
    await using fast = await mock.openLane({ id: 'fast', seed: 7 });
    await createTask(still);
    await createTask({ getUrl: () => fast.getSharedUrl(), getCaPem: () => fast.getCaPem() }, fast.apiKey);

    expect([fast.id, fast.seed]).toEqual(['fast', 7]);
    expect(fast.getBaseUrl()).toBe(`${fast.getUrl()}/api/v3`);
    expect([await still.events('task.created'), await fast.events('task.created')]).toMatchObject([[{}], [{}]]);
    expect((await still.verdict()).outcome).toBe('fail');
    expect((await fast.verdict()).outcome).toBe('inconclusive');
    // Both ports are taken.
    await expect(mock.openLane()).rejects.toThrow('NO_LANE_PORT');
  });

  test('publishes the storage under the port that video_url names', async () => {
    const id = await createTask(mock);
    const session = await openSession(mock);
    let url: string | undefined;
    while (url === undefined) {
      url = JSON.parse((await request(session, 'GET', `${TASKS}/${id}`)).body).content?.video_url;
    }
    const { origin, pathname, search } = new URL(url);
    const storage = await openSession({ getUrl: () => origin, getCaPem: () => mock.getCaPem() });

    expect(origin).toBe(mock.getStorageUrl());
    expect((await request(storage, 'GET', `${pathname}${search}`)).status).toBe(200);
  });

  test('moves the time of a lane that stands still', async () => {
    await using lane = await mock.openLane({ clock: 'manual' });
    const session = await openSession(lane);
    // After an answer nothing is under way that would count as a sign of life.
    await request(session, 'GET', TASKS);
    const { now } = await lane.setClock({ mode: 'manual' });

    expect(await lane.advance('16s')).toEqual({ now: now + 16_000, mode: 'manual', speed: 1 });

    expect(await lane.events('rule.applied')).toMatchObject([{ rule: 'idle' }]);
    if (!session.destroyed) await once(session, 'close');
  });

  test('gives the port of a lane that is over to the next one', async () => {
    const first = await mock.openLane();
    await first.close();
    await using second = await mock.openLane();
    await using _third = await mock.openLane();

    expect(second.getUrl()).toBe(first.getUrl());
    await expect(first.events()).rejects.toThrow(`There is no lane "${first.id}".`);
  });

  test('resets a client that it runs in a container on its network', async () => {
    await mock.load(hurried);
    expect(await mock.setClock({ speed: 1 })).toMatchObject({ mode: 'real', speed: 1 });

    const { exitCode, output } = await mock.runClient(exampleClient());

    expect(output).toMatch(/downloaded the video, \d{4,} bytes/);
    expect(output).toMatch(/the connection ended after .* idle: ECONNRESET/);
    expect(exitCode).toBe(0);
  });

  test('tells what a client in a container said that did not end in time', async () => {
    const client = new GenericContainer(image)
      .withEntrypoint(['sh', '-c'])
      .withCommand(['echo waiting for $SEEDANCE_BASE_URL; sleep 600']);

    await expect(mock.runClient(client, { timeoutMs: 1_000 })).rejects.toThrow(
      /has not ended after 1000 ms:\nwaiting for https:\/\/[\d.]+:8443\/api\/v3/,
    );
  });

  // The last, as the shared container does not outlive it.
  test('runs as an unprivileged user, ends in order when it is told to, and then says that it does not answer', async () => {
    const docker = await getContainerRuntimeClient();
    const container = docker.container.getById(mock.getId());
    expect((await mock.exec(['id', '-u'])).output.trim()).toBe('1000');

    await container.stop({ t: 10 });

    // 0, where a process that had to be killed leaves 137.
    expect((await container.inspect()).State.ExitCode).toBe(0);
    await expect(mock.events()).rejects.toThrow(/GET .*\/events.* was not answered: .*Does the mock still run\?/);
  });
});

describe.runIf(dockerIsReady)('SeedanceMockContainer', () => {
  test('on the host network resets, and judges a client that does not come back', async () => {
    await using mock = await new SeedanceMockContainer(image)
      .withHostNetwork()
      .withSpeed(SPEED)
      .withScenario({ expect: ['backoff', 'tasks-settled'] })
      .start();

    expect(mock.getResetFidelity()).toBe('reset');
    expect(await seeIdleEnd(mock)).toBe('ECONNRESET');
    const verdict = await mock.verdict();
    expect(verdict.result('backoff')?.doubt).toBeUndefined();
    // Any port will do for a lane here.
    await using lane = await mock.openLane({ clock: SPEED });
    expect(await seeIdleEnd(lane)).toBe('ECONNRESET');
  });

  test('serves its own network under the alias that it has there, and asks for its token', async () => {
    await using network = await new Network().start();
    await using mock = await new SeedanceMockContainer(image)
      .withScenario(hurried)
      .withProfile('dual-stack')
      .withAdminToken('open sesame')
      .withNetwork(network)
      .withNetworkAliases('mock')
      .start();

    const call = `fetch('https://mock:8443${TASKS}', { headers: { authorization: 'Bearer x' } })`;
    const client = new GenericContainer(image)
      .withEntrypoint(['node'])
      .withCommand(['-e', `${call}.then(({ status }) => console.log(status))`]);
    const { output } = await mock.runClient(client);

    expect(output).toBe('200\n');
    expect((await fetch(`${mock.getAdminUrl()}/events`)).status).toBe(401);
    expect(await mock.events('response.sent')).toMatchObject([{ status: 200 }]);
  });

  test('plays a scenario from a file, and from the bundle', async () => {
    const file = new SeedanceMockContainer(image).withScenario('scenarios/drain.yaml');
    const bundled = new SeedanceMockContainer(image).withScenario('poll-reset');
    await using one = await file.start();
    await using other = await bundled.start();

    expect(await one.events('scenario.loaded')).toMatchObject([{ name: 'drain' }]);
    expect(await other.events('scenario.loaded')).toMatchObject([{ name: 'poll-reset' }]);
    await expect(one.openLane()).rejects.toThrow('start the container with `withLanes(count)`');
  });

  test.each([
    ['servce: {}\n', /ended with exit code 2 before it was ready:[\s\S]*scenario\.yaml:1:1 {2}UNKNOWN_KEY/],
    ['poll-rest', /SCENARIO_NOT_FOUND[\s\S]*Did you mean "poll-reset"\?/],
  ])('does not start with the scenario %j, and says what is wrong', async (scenario, said) => {
    await expect(new SeedanceMockContainer(image).withScenario(scenario).start()).rejects.toThrow(said);
  });

  test.each([0, 1.5, 1_001])('has no room for %d lanes', (count) => {
    expect(() => new SeedanceMockContainer(image).withLanes(count)).toThrow('expected a whole number from 1 to 1000');
  });
});
