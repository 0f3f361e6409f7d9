import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { Receiver } from './support/receiver.ts';
import { createTask } from './support/tasks.ts';

/** The samples of the metrics whose names begin so, as Prometheus reads them. */
async function scrape({ adminUrl }: MockServer, name: string): Promise<readonly string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`seedance_mock_${name}`));
}

test('D6: the latency of callbacks, by topic and group, over what came before the first scrape and after it', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { tasks: { queued: '1s', running: '72h' } },
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open({
    answer: (response, call) => response.writeHead(call === 1 ? 500 : 204).end(),
  });
  const { origin } = new URL(receiver.url);
  await createTask(client, { callback_url: receiver.url });
  await server.journal.waitFor('callback.answered');
  expect(await scrape(server, 'callback_latency_seconds_count')).toEqual([]);

  // The task begins to run, and the callback that failed is tried again.
  await server.clock.advance(1_000);
  await receiver.heard(3);
  await server.journal.waitFor('callback.answered', ({ attempt }) => attempt === 2);
  await server.journal.waitFor('callback.answered', ({ status }) => status === 'running');

  const samples = await scrape(server, 'callback_latency_seconds');
  const labels = (topic: string, le?: string) => `${le ? `le="${le}",` : ''}topic="${topic}",group="${origin}"`;
  const named = (kind: string, of: string) => `seedance_mock_callback_latency_seconds_${kind}{${of}}`;
  expect(samples).toContain(`${named('bucket', labels('task.queued', '0.5'))} 0`);
  expect(samples).toContain(`${named('bucket', labels('task.queued', '1'))} 1`);
  expect(samples).toContain(`${named('sum', labels('task.queued'))} 1`);
  expect(samples).toContain(`${named('count', labels('task.queued'))} 1`);
  expect(samples).toContain(`${named('count', labels('task.running'))} 1`);
});

test('what came before the first scrape is counted too, a copy is not, and receivers beyond fifty share a group', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { tasks: { queued: '72h' }, faults: [{ on: 'callback', inject: ['duplicate'] }] },
  });
  await using client = await openClient(server);
  await using receivers = new AsyncDisposableStack();
  for (let group = 0; group < 52; group++) {
    const receiver = receivers.use(await Receiver.open());
    await createTask(client, { callback_url: receiver.url });
    await receiver.heard(2);
  }
  await server.journal.waitFor('callback.answered', () => server.journal.events('callback.answered').length === 104);

  const counts = await scrape(server, 'callback_latency_seconds_count');
  expect(counts).toHaveLength(51);
  expect(counts).toContain('seedance_mock_callback_latency_seconds_count{topic="task.queued",group="other"} 2');
  expect(counts.filter((line) => line.endsWith(' 1'))).toHaveLength(50);
});

test('dead letters and receivers out of rotation are counted', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    profile: 'permissive',
    scenario: { tasks: { queued: '72h' }, callbacks: { class: 'financial' } },
  });
  await using client = await openClient(server);
  await using receiver = await Receiver.open({ answer: () => {} });
  const { origin } = new URL(receiver.url);
  for (let task = 0; task < 5; task++) await createTask(client, { callback_url: receiver.url });
  await receiver.heard(5);
  await server.clock.advance(5_000);
  await server.journal.waitFor('receiver.paused');
  await createTask(client, { callback_url: 'http://0.0.0.0/' });
  await server.journal.waitFor('dead-letter.archived');

  expect(await scrape(server, 'receivers_paused_total')).toEqual([
    `seedance_mock_receivers_paused_total{receiver="${origin}"} 1`,
  ]);
  expect(await scrape(server, 'dead_letters')).toEqual([
    'seedance_mock_dead_letters_archived_total{class="financial"} 1',
    'seedance_mock_dead_letters 1',
  ]);
});
