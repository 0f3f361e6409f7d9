import type { MockServer } from '../../../server/index.ts';
import { randomSequence } from '../../../server/random.ts';
import { HardenedClient } from '../reference/hardened-client.ts';
import { NaiveClient } from '../reference/naive-client.ts';

/** Time stands still but for the client's own waits: what they measure is what was waited. */
const settingFor = (server: MockServer, userAgent: string) => ({
  url: server.url,
  ca: server.ca,
  now: () => server.clock.now(),
  sleep: (ms: number) => server.clock.advance(ms),
  after: (ms: number, run: () => void) => server.clock.after(ms, run),
  random: randomSequence(7, 'client'),
  userAgent,
});

/** The naive reference client, on a server whose clock is manual. */
export const naiveOn = (server: MockServer, tries?: number): NaiveClient =>
  new NaiveClient(settingFor(server, 'naive/1'), tries);

/** The hardened one, closed after use. */
export async function withHardened<T>(server: MockServer, use: (client: HardenedClient) => Promise<T>): Promise<T> {
  const client = new HardenedClient(settingFor(server, 'hardened/1'));
  const result = await use(client);
  await client.close();
  return result;
}

/** How the video of a hardened client ends. */
export const makeHardened = (server: MockServer): Promise<string> =>
  withHardened(server, (client) => client.makeVideo());

/** For a client that is meant to fail: the journal tells how. */
export const ignore = (): void => {};
