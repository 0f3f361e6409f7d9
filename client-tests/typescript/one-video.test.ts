import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { bundledScenarios, readScenario } from '../../server/scenario/bundled.ts';
import { ignore } from './support/judged-clients.ts';
import { oneVideoAndAll } from './support/scene-clients.ts';

/** Some hundred videos, each in a time that is moved by hand. */
const TIME_LIMIT_MS = 180_000;

/** Faults that do not strike a client that makes one video. */
const outOfReach: Readonly<Record<string, readonly string[]>> = {
  // Meant for some five videos in a row, as it says.
  'chaos-rehearsal': [
    'rolling restart',
    'some polls are slow and die',
    'the gateway answers some polls itself',
    'the replica lags behind',
    'one task takes its time',
    'one task fails',
  ],
  // The client gives up before the task expires.
  'delayed-queue': ['no callback says so'],
  // A name server is asked where the scenario is served with `--dns-port`, and the client asks there.
  'dns-flap': ['zone in change'],
  'dns-nxdomain': ['no such host'],
  'dns-servfail': ['broken name server'],
  'dns-silence': ['mute name server'],
  'dns-slow': ['slow name server'],
  'dns-truncate': ['answers too long for UDP'],
  'dns-wrong-address': ['stale record'],
  // A client that stays within the limit does not meet it: the calls that take a second strike it.
  'pool-exhausted': ['pool exhausted'],
  'pool-limit': ['four connections at most'],
  // A task goes back once; the second one does so from another status.
  'regressing-task': ['a succeeded task is seen running'],
  // A node is lost with the task that runs on it, as the next one comes. The four nodes strike each task.
  'worker-lost': ['one node is not ready'],
};

test('each fault of a bundled scenario strikes a client that makes one video', { timeout: TIME_LIMIT_MS }, async () => {
  const missed: Record<string, readonly string[]> = {};
  for (const { name, file } of bundledScenarios()) {
    await using server = await startMockServer({ clock: 'manual', seed: readScenario(file).seed ?? 7, scenario: name });
    await oneVideoAndAll(server).catch(ignore);
    const { neverStruck = [] } = (await server.verdict()).report;
    if (neverStruck.length > 0) missed[name] = neverStruck.map(({ fault }) => fault);
  }
  expect(missed).toEqual(outOfReach);
});
