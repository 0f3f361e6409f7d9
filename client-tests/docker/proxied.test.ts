import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SeedanceMockContainer, type StartedSeedanceMockContainer } from '../../server/fixtures/container.ts';
import type { ScenarioInput } from '../../server/index.ts';
import { connect, request, TASKS } from '../typescript/reference/http2-call.ts';
import { dockerIsReady, hasProxy, image } from './docker.ts';
import { exampleClient } from './example-client.ts';
import { seeIdleEnd } from './idle-end.ts';
import { type ProxiedDaemon, startProxiedDaemon, whyNoDaemon } from './proxied-daemon.ts';

const START_LIMIT_MS = 180_000;

const why = dockerIsReady ? whyNoDaemon() : undefined;
if (why !== undefined) console.log(`Docker's proxy is not tried out, for want of a daemon of our own: ${why}`);

/** The second poll meets a reset; eight idle seconds are over in 0.4. */
const scenario: ScenarioInput = {
  clock: { speed: 20 },
  faults: [{ name: 'cut', on: 'request', when: { nth: [2] }, inject: [{ end: { at: 'headers', how: 'reset' } }] }],
  expect: ['backoff', 'no-h2c'],
};

describe.runIf(dockerIsReady && why === undefined)("behind Docker's proxy", () => {
  let daemon: ProxiedDaemon;
  let mock: StartedSeedanceMockContainer;
  const warnings: string[] = [];
  const hear = (warning: Error & { readonly code?: string }) => void warnings.push(warning.code ?? warning.message);
  beforeAll(async () => {
    process.on('warning', hear);
    daemon = await startProxiedDaemon(image);
    // Testcontainers asks once in a process which daemon there is, and each Docker test file has one of its own (vitest.config.ts).
    vi.stubEnv('DOCKER_HOST', daemon.address);
    // An address as of a gateway, which the certificate does not hold for by itself.
    vi.stubEnv('TESTCONTAINERS_HOST_OVERRIDE', '127.0.0.2');
    mock = await new SeedanceMockContainer(image).withScenario(scenario).start();
  }, START_LIMIT_MS);
  afterAll(async () => {
    vi.unstubAllEnvs();
    process.off('warning', hear);
    await mock?.stop();
    await daemon?.[Symbol.asyncDispose]();
  }, START_LIMIT_MS);

  test('a reset looks like an orderly end, though the mock has sent one', async () => {
    expect(mock.getUrl()).toMatch(/^https:\/\/127\.0\.0\.2:\d+$/);
    expect(await hasProxy(Number(new URL(mock.getUrl()).port))).toBe(true);
    expect(await seeIdleEnd(mock)).toBe('closed');
    expect(await mock.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset' }]);
  });

  test('the fixture says so, and warns once in a process', async () => {
    await using another = await new SeedanceMockContainer(image).start();

    expect([mock.getResetFidelity(), another.getResetFidelity()]).toEqual(['fin', 'fin']);
    expect(warnings).toEqual(['SEEDANCE_MOCK_RESETS_LOST']);
  });

  test('what depends on resets is inconclusive, and nothing else', async () => {
    await mock.reset();
    const target = { url: mock.getUrl(), ca: await mock.getCaPem() };
    for (const _poll of ['answered', 'cut', 'answered']) {
      const session = await connect(target);
      await request(session, 'GET', TASKS).catch(() => {});
      session.destroy();
    }

    const verdict = await mock.verdict();

    expect(verdict.outcome).toBe('inconclusive');
    expect(verdict.result('backoff')).toMatchObject({
      outcome: 'inconclusive',
      doubt: expect.stringContaining('turns resets into FINs'),
    });
    expect(verdict.result('no-h2c')?.outcome).toBe('pass');
    // For a client that it would have reached as a reset, the same run can be judged.
    expect((await mock.verdict('reset')).result('backoff')?.outcome).toBe('fail');
  });

  test('a client in a container on its network is reset, and can be judged', async () => {
    await mock.load({ ...scenario, tasks: { queued: '0ms', running: '0ms' }, faults: [] });
    await mock.setClock({ speed: 4 });
    const { output } = await mock.runClient(exampleClient());
    expect(output).toMatch(/the connection ended after .* idle: ECONNRESET/);
    expect((await mock.verdict('reset')).result('backoff')?.doubt).toBeUndefined();
  });

  test('on the host network a reset is a reset again', async () => {
    await using direct = await new SeedanceMockContainer(image).withHostNetwork().withScenario(scenario).start();

    expect(direct.getResetFidelity()).toBe('reset');
    expect(await seeIdleEnd(direct)).toBe('ECONNRESET');
  });
});
