import { setImmediate } from 'node:timers/promises';
import type { MockServer } from '../../../server/index.ts';
import { randomSequence } from '../../../server/random.ts';
import { HardenedClient, type Limits } from '../reference/hardened-client.ts';
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

/** Its setting on a clock that somebody else advances. */
export const drivenSetting = (server: MockServer, userAgent: string) => ({
  ...settingFor(server, userAgent),
  // A name would be looked up in real time, of which the clock knows nothing.
  url: server.url.replace('localhost', '127.0.0.1'),
  sleep: (ms: number) => server.clock.sleep(ms),
});

/** A hardened client on a clock that somebody else advances. */
export const clientOn = (server: MockServer, limits: Partial<Limits> = {}): HardenedClient =>
  new HardenedClient(drivenSetting(server, 'hardened/1'), limits);

/** Lets lane time pass in small steps until the work is done. Between two steps the sockets get their turn: what is on its way
 * arrives, and takes hardly any lane time. */
export async function drive<T>({ clock }: MockServer, work: Promise<T>): Promise<T> {
  let over = false;
  const noteOver = () => {
    over = true;
  };
  work.then(noteOver, noteOver);
  while (!over) {
    for (let turn = 0; turn < TURNS; turn++) await setImmediate();
    await clock.advance(STEP_MS);
  }
  return work;
}
const STEP_MS = 20;
const TURNS = 20;
