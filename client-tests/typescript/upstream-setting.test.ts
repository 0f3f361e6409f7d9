import { describe, expect, test } from 'vitest';
import { findFreePorts } from '../../server/fixtures/free-ports.ts';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { startProxy, startUpstream } from './support/upstreams.ts';

test('the admin port tells of the upstream, of what has no effect, and arms nothing that would have none', async () => {
  await using upstream = await startUpstream();
  const idle: ScenarioInput = {
    tasks: { running: '1s' },
    limits: 'individual',
    faults: [
      { name: 'dies', on: 'task', inject: [{ fail: { code: 'InternalServiceError' } }] },
      { name: 'gone', on: 'video', inject: [{ 'expired-url': {} }] },
    ],
  };
  await using proxy = await startProxy(upstream, idle, { clock: 20 });

  const { body: root } = await callAdmin(proxy, 'GET /');
  const { body: scenario } = await callAdmin(proxy, 'GET /scenario');
  const armed = await callAdmin(
    proxy,
    'POST /faults',
    JSON.stringify({ name: 'late news', on: 'callback', inject: [{ delay: { ms: 5 } }] }),
  );

  const warnings = [
    `Tasks, callbacks and videos are the upstream's own, so these never strike: "dies", "gone".`,
    'The upstream has settings of its own, so these have no effect: tasks, limits.',
    'The upstream keeps its own time: the clock of this scenario moves rules and faults alone.',
  ];
  expect(root).toMatchObject({ upstream: upstream.url });
  expect(await callAdmin(proxy, 'GET /openapi.json')).toMatchObject({ status: 200 });
  expect(scenario).toMatchObject({ upstream: upstream.url, warnings });
  expect(proxy.journal.events('scenario.loaded')).toMatchObject([{ warnings }]);
  expect(armed).toMatchObject({ status: 409, body: { problems: [{ code: 'FAULT_OUT_OF_REACH' }] } });
});

describe('what cannot be an upstream is refused', () => {
  test.each([
    ['https://user:geheim@ark.example', 'user or a password'],
    ['http://ark.example', 'loopback'],
    ['ftp://ark.example', 'https://'],
    ['ark.example', 'https://'],
    ['https://ark.example/api/v3', 'scheme and authority'],
    ['https://ark.example/?key=geheim', 'scheme and authority'],
  ])('%s', async (upstream, reason) => {
    const refused = await startMockServer({ upstream }).catch((error: Error) => error.message);
    expect(refused).toContain('UPSTREAM_UNUSABLE');
    expect(refused).toContain(reason);
    expect(refused).not.toContain('geheim');
  });

  test.each(['port', 'adminPort', 'dnsPort'])('this very server, by its %s', async (option) => {
    const [port = 0] = await findFreePorts(1);
    const own = startMockServer({ [option]: port, upstream: `https://127.0.0.1:${port}` });
    await expect(own).rejects.toThrow('is this server');
  });

  test('a CA without an upstream, and a CA that is none', async () => {
    await expect(startMockServer({ upstreamCa: 'ca.pem' })).rejects.toThrow('--upstream-ca without --upstream');
    const none = startMockServer({ upstream: 'https://ark.example', upstreamCa: 'package.json' });
    await expect(none).rejects.toThrow('no certificate');
  });
});
