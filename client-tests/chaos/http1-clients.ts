import type { TLSSocket } from 'node:tls';
import { writeRequest } from '../typescript/support/http1.ts';
import { TASKS, textOnly } from '../typescript/support/tasks.ts';
import type { Visit } from './visit.ts';

/** Connects for HTTP/1.1, which not every profile takes. */
const openHttp1 = (visit: Visit): Promise<TLSSocket | undefined> =>
  visit.secure(visit.dice.chance(0.8) ? { alpn: ['http/1.1'] } : {});

const get = (visit: Visit, path = visit.path()): string => writeRequest('GET', path, visit.headers);

const post = (visit: Visit, body: string, headers: Record<string, string> = {}): string =>
  writeRequest('POST', TASKS, { ...visit.headers, 'content-type': 'application/json', ...headers }, body);

/** Requests that are not what they say, or are none. */
const broken: readonly ((visit: Visit) => string | Buffer)[] = [
  ({ dice }) => dice.bytes(1, 500),
  () => '\r\n'.repeat(50),
  () => 'GET / HTTP/9.9\r\n\r\n',
  () => 'NONSENSE',
  () => `GET ${'/a'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
  (visit) => get(visit).replace('HTTP/1.1', 'HTTP/1.0'),
  (visit) => get(visit).replace(/host: .*\r\n/, ''),
  (visit) => get(visit).slice(0, -2),
  (visit) => writeRequest('CONNECT', 'localhost:443', visit.headers),
  (visit) => writeRequest('GET', TASKS, { ...visit.headers, connection: 'upgrade', upgrade: 'websocket' }),
  (visit) => writeRequest('GET', TASKS, { ...visit.headers, connection: 'upgrade', upgrade: 'h2c' }),
  (visit) => writeRequest('GET', TASKS, { ...visit.headers, 'x-fill': 'x'.repeat(visit.dice.int(1, 40_000)) }),
  (visit) => post(visit, '{"model":', { 'content-length': String(visit.dice.int(0, 100_000)) }),
  (visit) => post(visit, JSON.stringify(textOnly), { 'transfer-encoding': 'chunked' }),
  (visit) => post(visit, 'zz\r\n{}\r\n0\r\n\r\n', { 'transfer-encoding': 'chunked', 'content-length': '' }),
  (visit) => post(visit, JSON.stringify(textOnly), { expect: '100-continue' }),
  (visit) => post(visit, JSON.stringify(textOnly), { expect: 'nonsense' }),
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];

/** Sends many requests at once, and does not wait for the answers. */
async function pipeline(visit: Visit): Promise<void> {
  const socket = await openHttp1(visit);
  if (!socket) return;
  const { dice } = visit;
  socket.resume();
  const requests = dice.some(1, 60, () => (dice.chance(0.2) ? post(visit, JSON.stringify(textOnly)) : get(visit)));
  socket.write(requests.join(''));
  await (dice.chance() ? visit.moment() : visit.linger());
  if (dice.chance()) visit.reset();
}

/** Sends what is no request, behind some that are. */
async function breakHttp1(visit: Visit): Promise<void> {
  const { dice } = visit;
  for (let turn = dice.int(1, 4); turn > 0 && !visit.over; turn--) {
    const socket = await openHttp1(visit);
    if (!socket) return;
    if (dice.chance(0.8)) socket.resume();
    for (const request of dice.some(0, 2, () => get(visit))) socket.write(request);
    socket.write(dice.pick(broken)(visit));
    if (dice.chance(0.3)) socket.write(get(visit));
    await (dice.chance() ? visit.moment() : visit.linger());
  }
}

/** Sends FIN behind its requests, and reads on, or does not. */
async function halfCloseHttp1(visit: Visit): Promise<void> {
  const socket = await openHttp1(visit);
  if (!socket) return;
  const { dice } = visit;
  if (dice.chance(0.8)) socket.resume();
  socket.write(dice.some(1, 10, () => get(visit, visit.largePath())).join(''));
  if (dice.chance(0.3)) socket.write(post(visit, '{"model"', { 'content-length': '500' }));
  await visit.moment();
  if (dice.chance()) socket.end();
  else visit.raw?.end();
  await visit.linger();
}

/** Asks for much, and reads nothing. */
async function stallHttp1(visit: Visit): Promise<void> {
  const socket = await openHttp1(visit);
  if (!socket) return;
  const { dice } = visit;
  for (const request of dice.some(1, 150, () => get(visit, visit.largePath()))) socket.write(request);
  await visit.linger();
  if (dice.chance(0.3)) socket.resume();
  await visit.moment();
}

/** Clients of HTTP/1.1, by hand. Where the profile has only HTTP/2, they come to nothing. */
export const http1Clients = {
  pipeline,
  'break-http1': breakHttp1,
  'half-close-http1': halfCloseHttp1,
  'stall-http1': stallHttp1,
} as const;
