import { once } from 'node:events';
import { connect } from 'node:http2';
import { GenericContainer, getContainerRuntimeClient, Network, type StartedTestContainer, Wait } from 'testcontainers';
import { describe, expect, test } from 'vitest';
import { SeedanceMockContainer } from '../../server/fixtures/container.ts';
import { lighthouse, request, TASKS } from '../typescript/reference/http2-call.ts';
import { dockerIsReady, image } from './docker.ts';

if (!dockerIsReady)
  console.log(
    `Docker tests are left out: no daemon answers that has "${image}"; \`docker build -t ${image} .\` switches them on`,
  );

describe.runIf(dockerIsReady)('the image', () => {
  test('resets a connection that idles for 8 s of its time', async () => {
    await using mock = await new SeedanceMockContainer(image).withScenario('clock: { speed: 20 }').start();
    expect(mock.resetsArrive).toBe(true);
    const session = connect(mock.url(), { ca: await mock.ca() });
    await once(session, 'connect');

    const [error] = await once(session, 'error');

    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(await mock.events('rule.applied')).toMatchObject([{ rule: 'idle' }]);
    expect(await mock.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset' }]);
  });

  test('judges the client, from outside of the container', async () => {
    await using mock = await new SeedanceMockContainer(image)
      .withScenario({ tasks: { queued: '60s' }, expect: ['tasks-settled'] })
      .start();
    const session = connect(mock.url(), { ca: await mock.ca() });
    const { id } = JSON.parse((await request(session, 'POST', TASKS, { body: lighthouse })).body);
    const early = await mock.verdict();
    expect(early.outcome).toBe('fail');
    expect(() => early.assertPassed()).toThrow('Keep the ids of created tasks');
    await request(session, 'DELETE', `${TASKS}/${id}`);
    (await mock.verdict()).assertPassed();
    session.destroy();
  });

  test('serves a client in a container on the same network, and resets it too', async () => {
    await using network = await new Network().start();
    await using _mock = await new SeedanceMockContainer(image)
      .withScenario({ tasks: { queued: '100ms', running: '100ms' }, service: { idle: { after: '2s' } } })
      .withNetwork(network)
      .withNetworkAliases('mock')
      .start();

    await using client = await new GenericContainer(image)
      .withEntrypoint(['node'])
      .withCommand(['/tmp/example/client.ts'])
      .withCopyDirectoriesToContainer([{ source: 'client-tests/compose-example', target: '/tmp/example' }])
      .withNetwork(network)
      .withWaitStrategy(Wait.forLogMessage(/the connection ended/))
      .start();

    const said = await readLog(client);
    expect(said).toMatch(/downloaded the video, \d{4,} bytes/);
    expect(said).toMatch(/the connection ended after .* idle: ECONNRESET/);
  });

  test('runs as an unprivileged user and ends in order when it is told to', async () => {
    await using mock = await new SeedanceMockContainer(image).start();
    const docker = await getContainerRuntimeClient();
    const container = docker.container.getById(mock.getId());
    expect((await mock.exec(['id', '-u'])).output.trim()).toBe('1000');

    await container.stop({ t: 10 });

    // 0, where a process that had to be killed leaves 137.
    expect((await container.inspect()).State.ExitCode).toBe(0);
  });

  test('does not start with a scenario that has a mistake, and says where it is', async () => {
    const mock = new SeedanceMockContainer(image).withScenario('servce: {}\n');

    await expect(mock.start()).rejects.toThrow(/scenario\.yaml:1:1/);
  });
});

async function readLog(container: StartedTestContainer): Promise<string> {
  let text = '';
  for await (const piece of await container.logs()) text += piece;
  return text;
}
