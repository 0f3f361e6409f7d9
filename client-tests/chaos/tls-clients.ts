import { PREFACE } from '../../server/wire/frames.ts';
import { makeClientHello } from '../typescript/support/sockets.ts';
import { ignore, type Visit } from './visit.ts';

const RECORD_HEADER_BYTES = 5;
const HANDSHAKE = 0x16;
const ALERT = 0x15;
const APPLICATION_DATA = 0x17;

const record = (type: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 1, payload.length >> 8, payload.length & 0xff), payload]);

const helloFor = ({ dice, entrance: { serverName } }: Visit): Promise<Buffer> =>
  makeClientHello({ alpn: dice.pick([['h2'], ['http/1.1'], ['h2', 'http/1.1'], ['h3', '\x1b[2J']]), serverName });

/** Writes bytes in random pieces, each in a segment of its own, and perhaps not all of them. */
async function writePieces(visit: Visit, bytes: Buffer): Promise<void> {
  const { dice } = visit;
  const end = dice.chance(0.6) ? bytes.length : dice.int(0, bytes.length);
  for (let at = 0; at < end && !visit.over; ) {
    const next = Math.min(end, at + dice.pick([1, 10, 100, bytes.length]));
    visit.raw?.write(bytes.subarray(at, next));
    at = next;
    await visit.moment();
  }
}

/** Leaves as soon as it is connected, or stays and says nothing. */
async function connectOnly(visit: Visit): Promise<void> {
  for (let turn = visit.dice.int(1, 6); turn > 0 && !visit.over; turn--) {
    const raw = await visit.connect();
    if (!raw) return;
    visit.startPatience();
    if (visit.dice.chance()) raw.resume();
    await (visit.dice.chance(0.8) ? visit.moment() : visit.linger());
    visit.cut();
  }
}

/** What may come in place of TLS. */
const openings: readonly ((visit: Visit) => Buffer)[] = [
  ({ dice }) => dice.bytes(1, 2_000),
  () => PREFACE,
  () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  () => Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
  ({ dice }) => record(HANDSHAKE, dice.bytes(0, 600)),
  ({ dice }) => record(ALERT, Buffer.of(dice.int(1, 2), dice.int(0, 255))),
  ({ dice }) => record(APPLICATION_DATA, dice.bytes(0, 600)),
  () => Buffer.of(HANDSHAKE, 3, 1, 0xff, 0xff),
  () => record(HANDSHAKE, Buffer.of(1, 0xff, 0xff, 0xff)),
];

/** Opens with what is no ClientHello. */
async function garbage(visit: Visit): Promise<void> {
  for (let turn = visit.dice.int(1, 6); turn > 0 && !visit.over; turn--) {
    const raw = await visit.connect();
    if (!raw) return;
    visit.startPatience();
    if (visit.dice.chance(0.8)) raw.resume();
    await writePieces(visit, visit.dice.pick(openings)(visit));
    await (visit.dice.chance() ? visit.moment() : visit.linger());
  }
}

/** Cuts its ClientHello into pieces or records, changes a byte of it, or leaves in the middle. */
async function breakHello(visit: Visit): Promise<void> {
  const { dice } = visit;
  const raw = await visit.connect();
  if (!raw) return;
  visit.startPatience();
  if (dice.chance(0.8)) raw.resume();
  const hello = await helloFor(visit);
  const payload = hello.subarray(RECORD_HEADER_BYTES);
  const cut = dice.int(1, payload.length - 1);
  const changed = Buffer.from(hello);
  changed[dice.int(0, hello.length - 1)] = dice.int(0, 255);
  await writePieces(
    visit,
    dice.pick([
      hello,
      changed,
      Buffer.concat([record(HANDSHAKE, payload.subarray(0, cut)), record(HANDSHAKE, payload.subarray(cut))]),
      Buffer.concat([hello, hello]),
      Buffer.concat([hello, dice.bytes(1, 300)]),
      Buffer.concat([hello, record(ALERT, Buffer.of(2, 40))]),
    ]),
  );
  await (dice.chance() ? visit.moment() : visit.linger());
  visit.cut();
}

/** Offers what the service does not take. */
async function oddOffer(visit: Visit): Promise<void> {
  const { dice } = visit;
  for (let turn = dice.int(1, 5); turn > 0 && !visit.over; turn--) {
    const alpn = dice.pick([undefined, ['h2c'], ['h3', 'spdy/1'], ['h2c', 'http/1.1'], ['\x1b[31m']]);
    const version = dice.pick([undefined, 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const);
    const socket = await visit.secure({ ...(alpn && { alpn }), ...(version && { version }) });
    socket?.on('data', ignore);
    await visit.moment();
    socket?.destroy();
  }
}

/** Leaves in the middle of the handshake. */
async function leaveHandshake(visit: Visit): Promise<void> {
  const { dice } = visit;
  for (let turn = dice.int(1, 6); turn > 0 && !visit.over; turn--) {
    const raw = await visit.connect();
    if (!raw) return;
    visit.startPatience();
    const secured = visit.secure({ alpn: ['h2'] }, raw);
    await visit.moment();
    if (dice.chance()) visit.reset();
    else raw.destroy();
    await secured;
  }
}

/** Writes below TLS once the handshake is done: records that cannot be read. */
async function breakRecords(visit: Visit): Promise<void> {
  const { dice } = visit;
  const socket = await visit.secure({ alpn: dice.pick([['h2'], ['http/1.1']]) });
  const { raw } = visit;
  if (!socket || !raw) return;
  socket.resume();
  if (dice.chance()) socket.write(PREFACE);
  await visit.moment();
  raw.write(dice.chance() ? record(APPLICATION_DATA, dice.bytes(1, 200)) : dice.bytes(1, 200));
  await visit.linger();
}

/** Asks TLS 1.2 to negotiate again, which is an attack where it is often. */
async function renegotiate(visit: Visit): Promise<void> {
  const socket = await visit.secure({ alpn: ['h2'], version: 'TLSv1.2' });
  if (!socket) return;
  socket.resume();
  if (visit.dice.chance()) socket.write(PREFACE);
  for (let turn = visit.dice.int(1, 6); turn > 0 && !socket.destroyed && !visit.over; turn--) {
    socket.renegotiate({ rejectUnauthorized: false }, ignore);
    await visit.moment();
  }
  await visit.linger();
}

/** Clients that never get as far as HTTP. */
export const tlsClients = {
  'connect-only': connectOnly,
  garbage,
  'break-hello': breakHello,
  'odd-offer': oddOffer,
  'leave-handshake': leaveHandshake,
  'break-records': breakRecords,
  renegotiate,
} as const;
