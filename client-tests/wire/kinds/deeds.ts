import type { MockServer, ScenarioInput, StartOptions } from '../../../server/index.ts';
import type { EventType } from '../../../server/journal.ts';
import { callAdmin } from '../../typescript/support/admin.ts';
import { type Client, openClient } from '../../typescript/support/client.ts';
import { openHttp1Client } from '../../typescript/support/http1.ts';
import { openRawHttp2, type RawHttp2 } from '../../typescript/support/raw-http2.ts';
import { openTlsSocket, type WireSocket } from '../../typescript/support/sockets.ts';
import { TASKS, textOnly } from '../../typescript/support/tasks.ts';
import type { Scene } from '../scene.ts';

type FaultInput = NonNullable<ScenarioInput['faults']>[number];

/** Does something for each of several clients, at the same time. */
export const all = <T>(clients: readonly T[], deed: (client: T) => unknown): Promise<unknown> =>
  Promise.all(clients.map(deed));

/** A scenario with one fault, which always strikes. */
export const planned = (on: FaultInput['on'], ...inject: readonly unknown[]): ScenarioInput => ({
  faults: [{ name: 'planned', on, inject } as FaultInput],
});

/** Every create waits for 30 s. */
export const waiting: StartOptions = {
  scenario: {
    faults: [{ name: 'late', on: 'request', match: { method: 'POST' }, inject: [{ delay: { ms: '30s' } }] }],
  },
};

export const get = (client: Client) => client.get(TASKS);
export const post = (client: Client) => client.post(TASKS, textOnly);

/** Resolves once the journal has an event of a type for each connection of a kind. */
export async function eachHas({ server, times }: Scene, type: EventType, perConnection = 1): Promise<void> {
  await server.journal.waitFor(type, () => server.journal.events(type).length >= times * perConnection);
}

/** Shakes hands for HTTP/2, and says nothing more. */
export const openH2Socket = (server: MockServer) => openTlsSocket(server, { alpn: ['h2'] });

/** Opens HTTP/2 clients, each of which has been answered once. */
export async function openUsed(scene: Scene): Promise<Client[]> {
  const clients = await scene.open(openClient);
  await all(clients, get);
  return clients;
}

/** Opens HTTP/1.1 clients, each of which has been answered once. */
export async function openUsedHttp1(scene: Scene): Promise<WireSocket[]> {
  const clients = await scene.open(openHttp1Client);
  await all(clients, (client) => client.get(TASKS));
  return clients.map(({ socket }) => socket);
}

/** Opens HTTP/2 clients, each with a call that waits; the server has to be `waiting`. */
export async function openWaiting(scene: Scene): Promise<Client[]> {
  const clients = await openUsed(scene);
  for (const client of clients) void post(client);
  await eachHas(scene, 'fault.injected');
  return clients;
}

/** Answers the server's FIN. */
export async function answerFin(socket: WireSocket): Promise<void> {
  await socket.ended();
  socket.finish();
}

/** Has an admin end every connection. */
export function endByAdmin({ server }: Scene, how: 'reset' | 'fin' | 'goaway'): Promise<unknown> {
  const opened = server.journal.events('connection.opened');
  return all(opened, ({ connection }) => callAdmin(server, `DELETE /connections/${connection}?how=${how}`));
}

/** As many calls, and answers of 195 KB: more than the kernel takes for a client that does not read. */
const CALLS_OF_A_STALLED_CLIENT = 40;
/** Of these: once its own queue is full, Node reads no further. */
const CALLS_READ = 20;
const BIG_BODY = '€'.repeat(65_000);
export const bigAnswer = { status: { code: 200, body: { text: BIG_BODY, type: 'text/plain' } } };

const MAX_WINDOW = 2 ** 31 - 1;
/** RFC 9113, sections 6.5.2 and 6.9.2. */
const INITIAL_WINDOW_SIZE = Buffer.of(0, 4);
const FIRST_WINDOW = 65_535;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Opens HTTP/2 clients that call many times, and do not read.
 * @param last the path of the last call that is surely read */
export async function openStalled(scene: Scene, last = TASKS): Promise<RawHttp2[]> {
  const clients = await scene.open(openRawHttp2);
  await all(clients, async (client) => {
    client.socket.stopReading();
    await client.send('SETTINGS', { payload: Buffer.concat([INITIAL_WINDOW_SIZE, uint32(MAX_WINDOW)]) });
    await client.send('WINDOW_UPDATE', { payload: uint32(MAX_WINDOW - FIRST_WINDOW) });
    for (let call = 1; call <= CALLS_OF_A_STALLED_CLIENT; call++)
      await client.request(2 * call - 1, 'GET', call === CALLS_READ ? last : TASKS);
  });
  await eachHas(scene, 'request.received', CALLS_READ);
  return clients;
}
