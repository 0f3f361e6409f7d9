import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { ignore, makeHardened, naiveOn } from './support/judged-clients.ts';

/** Those whose expectations are shown by the one video that the reference clients make here. */
const ONE_VIDEO = [
  'alpn-select',
  'corrupt-answers',
  'dispatcher-starved',
  'dispatcher-tuned',
  'dual-stack',
  'empty-create',
  'false-refusal',
  'fin-unanswered',
  'full-queue',
  'limits-individual',
  'media-fetched',
  'no-tickets',
  'permissive',
  'refused',
  'refused-stream',
  'small-segments',
  'tls-alert',
  'tls-cut',
  'tls-version',
  'vanished-task',
  'worker-lost',
  'wrong-headers',
  'wrong-length',
];

describe.each(ONE_VIDEO)('%s', (scenario) => {
  const start = () => startMockServer({ clock: 'manual', seed: 7, scenario });

  test('a naive client fails', async () => {
    await using server = await start();
    await naiveOn(server).makeVideo().catch(ignore);
    expect((await server.verdict()).outcome).toBe('fail');
  });

  test('a hardened one passes', async () => {
    await using server = await start();
    await makeHardened(server);
    (await server.verdict()).assertPassed();
  });
});
