import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { SeedanceMockContainer } from '../../server/fixtures/container.ts';
import type { Figure } from './figure.ts';
import { inTurns, median, medianOf } from './statistics.ts';

const LATER_AT_MOST_MS = 1_000;
const IMAGE = process.env.SEEDANCE_MOCK_IMAGE ?? 'seedance-mock';
/** What our image stands on. */
const BASE_IMAGE = 'node:24-bookworm-slim';
const PORT = 8480;
const BARE_SERVER = `require('node:http').createServer((_, answer) => answer.end()).listen(${PORT})`;

/** How long a test waits for a container of its own: until it is ready, and the way of its resets is known. */
export const containerReady: Figure = {
  name: 'container-ready',
  summary: `start of SeedanceMockContainer to ready, against a bare node:http server in a container (needs Docker and ${IMAGE})`,
  rounds: 5,
  async measure(_stage, rounds) {
    const pairs = await inTurns(rounds, {
      ours: () => time(() => new SeedanceMockContainer(IMAGE).start()),
      rival: () =>
        time(() =>
          new GenericContainer(BASE_IMAGE)
            .withCommand(['node', '-e', BARE_SERVER])
            .withExposedPorts(PORT)
            .withWaitStrategy(Wait.forHttp('/', PORT))
            .start(),
        ),
    });
    const laterMs = medianOf(pairs, (a, b) => a - b);
    const inMilliseconds = (ms: number) => `${ms.toFixed(0)} ms`;
    return [
      {
        figure: 'container start to ready',
        ours: inMilliseconds(median(pairs.ours)),
        rival: inMilliseconds(median(pairs.rival)),
        between: `+${inMilliseconds(laterMs)}`,
        target: `<= +${inMilliseconds(LATER_AT_MOST_MS)}`,
        met: laterMs <= LATER_AT_MOST_MS,
      },
    ];
  },
};

async function time(start: () => Promise<StartedTestContainer>): Promise<number> {
  const startedAt = performance.now();
  await using _container = await start();
  return performance.now() - startedAt;
}
