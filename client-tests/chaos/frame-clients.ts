import type { Socket } from 'node:net';
import { errorCodes } from '../../server/faults/error-codes.ts';
import { frameFlags, frameTypes } from '../../server/faults/frame-types.ts';
import type { Frame } from '../../server/faults/plans.ts';
import { encodeFrame, PREFACE } from '../../server/wire/frames.ts';
import { encodeFields } from '../typescript/support/raw-http2.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import type { Dice } from './dice.ts';
import type { Visit } from './visit.ts';

const { END_STREAM, END_HEADERS, PADDED, ACK } = frameFlags;
/** Windows so large that only TCP holds a server back. */
const WIDE = 2 ** 30;
/** More than any server takes quietly; few enough for one write. */
const FLOOD = 400;
const INITIAL_WINDOW_SIZE = 4;

type Sent = Partial<Omit<Frame, 'type'>>;

const frame = (
  type: keyof typeof frameTypes,
  { flags = 0, stream = 0, payload = Buffer.alloc(0) }: Sent = {},
  length?: number,
): Buffer => encodeFrame({ type: frameTypes[type], flags, stream, payload }, length);

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * index);
  return bytes;
};

/** RFC 9113, section 6.5.1: identifier (2 bytes) and value (4 bytes). */
function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value >>> 0, 2);
  return bytes;
}

const settings = (...payload: readonly Buffer[]) => frame('SETTINGS', { payload: Buffer.concat(payload) });

/** The header block of a request. */
const block = (visit: Visit, method = 'GET', path = visit.path()): Buffer =>
  encodeFields({
    ':method': method,
    ':scheme': 'https',
    ':path': path,
    ':authority': 'localhost',
    ...visit.headers,
  });

const get = (visit: Visit, stream: number, path?: string): Buffer =>
  frame('HEADERS', { flags: END_STREAM | END_HEADERS, stream, payload: block(visit, 'GET', path) });

const post = (visit: Visit, stream: number): Buffer =>
  frame('HEADERS', { flags: END_HEADERS, stream, payload: block(visit, 'POST', TASKS) });

const reset = (stream: number, code: number): Buffer => frame('RST_STREAM', { stream, payload: words(code) });

const repeat = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

const streamOf = (index: number): number => 2 * index + 1;

/** What breaks HTTP/2, or strains it; each is sent behind a few good requests. `next` is a stream that is idle. */
export const breaches = {
  'random frames': ({ dice }) => repeat(dice.int(1, 10), () => randomFrame(dice)),
  'random bytes': ({ dice }) => dice.bytes(1, 500),
  'a length that is not true': ({ dice }) =>
    frame('DATA', { stream: 1, payload: dice.bytes(0, 100) }, dice.int(0, 2 ** 24 - 1)),
  'broken HPACK': ({ dice, next }) =>
    frame('HEADERS', { flags: END_STREAM | END_HEADERS, stream: next, payload: dice.bytes(1, 200) }),
  'fields that no request has': ({ next, dice }) =>
    frame('HEADERS', {
      flags: END_STREAM | END_HEADERS,
      stream: next,
      payload: encodeFields(
        dice.pick([{ ':status': '200' }, { ':path': '' }, { A: 'b' }, { connection: 'close' }, {}]),
      ),
    }),
  'a flood of SETTINGS': () => repeat(FLOOD, () => settings(setting(3, 100))),
  'a flood of SETTINGS ACK': () => repeat(FLOOD, () => frame('SETTINGS', { flags: ACK })),
  'a flood of PING': () => repeat(FLOOD, () => frame('PING', { payload: Buffer.alloc(8) })),
  'a flood of WINDOW_UPDATE': () => repeat(FLOOD, () => frame('WINDOW_UPDATE', { payload: words(1) })),
  'a flood of empty DATA': ({ visit, next }) =>
    Buffer.concat([post(visit, next), repeat(FLOOD, () => frame('DATA', { stream: next }))]),
  'a flood of PRIORITY': ({ next }) =>
    repeat(FLOOD, (index) => frame('PRIORITY', { stream: next + 2 * index, payload: Buffer.alloc(5, 1) })),
  'a flood of CONTINUATION': ({ visit, next, dice }) =>
    Buffer.concat([
      frame('HEADERS', { stream: next, payload: block(visit) }),
      repeat(dice.int(1, FLOOD), () => frame('CONTINUATION', { stream: next, payload: encodeFields({ 'x-a': 'b' }) })),
    ]),
  'rapid reset': ({ visit, next, dice }) =>
    repeat(dice.int(1, FLOOD), (index) =>
      Buffer.concat([get(visit, next + 2 * index), reset(next + 2 * index, anyCode(dice))]),
    ),
  'rapid reset of creates': ({ visit, next, dice }) =>
    repeat(dice.int(1, 100), (index) =>
      Buffer.concat([
        post(visit, next + 2 * index),
        frame('DATA', { stream: next + 2 * index, payload: Buffer.from('{"model"') }),
        reset(next + 2 * index, anyCode(dice)),
      ]),
    ),
  'all its streams are reset': ({ next, dice }) =>
    repeat(Math.max(1, (next - 1) / 2), (index) => reset(streamOf(index), anyCode(dice))),
  'GOAWAY with any code': ({ dice }) =>
    frame('GOAWAY', { payload: Buffer.concat([words(dice.int(0, 9), anyCode(dice)), dice.bytes(0, 50)]) }),
  'DATA on stream 0': () => frame('DATA', { payload: Buffer.alloc(10) }),
  'HEADERS on stream 0': ({ visit }) => frame('HEADERS', { flags: 5, payload: block(visit) }),
  'HEADERS on an even stream': ({ visit, next }) => get(visit, next + 1),
  'HEADERS on an old stream': ({ visit }) => Buffer.concat([get(visit, 9_001), get(visit, 1)]),
  'HEADERS twice': ({ visit, next }) => Buffer.concat([get(visit, next), get(visit, next)]),
  'the highest stream': ({ visit }) => get(visit, 2 ** 31 - 1),
  'DATA behind END_STREAM': ({ visit, next }) =>
    Buffer.concat([get(visit, next), frame('DATA', { stream: next, payload: Buffer.alloc(10) })]),
  'DATA on an idle stream': ({ next }) => frame('DATA', { stream: next + 100, payload: Buffer.alloc(10) }),
  'RST_STREAM on an idle stream': ({ next }) => reset(next + 100, 8),
  'RST_STREAM on stream 0': () => reset(0, 8),
  'RST_STREAM of 3 bytes': ({ visit, next }) =>
    Buffer.concat([get(visit, next), frame('RST_STREAM', { stream: next, payload: Buffer.alloc(3) })]),
  'WINDOW_UPDATE by 0': ({ next, visit, dice }) => {
    const stream = dice.pick([0, next]);
    return Buffer.concat([get(visit, next), frame('WINDOW_UPDATE', { stream, payload: words(0) })]);
  },
  'a window that overflows': ({ next, visit, dice }) => {
    const update = frame('WINDOW_UPDATE', { stream: dice.pick([0, next]), payload: words(2 ** 31 - 1) });
    return Buffer.concat([get(visit, next), update, update]);
  },
  'settings out of bounds': ({ dice }) =>
    settings(dice.pick([setting(2, 2), setting(INITIAL_WINDOW_SIZE, 2 ** 31), setting(5, 1), setting(5, 2 ** 24)])),
  'settings that shrink the window': ({ visit, next }) =>
    Buffer.concat([get(visit, next, visit.largePath()), settings(setting(INITIAL_WINDOW_SIZE, 0))]),
  'SETTINGS of 5 bytes': () => settings(Buffer.alloc(5)),
  'SETTINGS ACK with a payload': () => frame('SETTINGS', { flags: ACK, payload: Buffer.alloc(6) }),
  'SETTINGS on a stream': () => frame('SETTINGS', { stream: 1 }),
  'PING of 7 bytes': () => frame('PING', { payload: Buffer.alloc(7) }),
  'PING on a stream': () => frame('PING', { stream: 1, payload: Buffer.alloc(8) }),
  PUSH_PROMISE: ({ visit, next }) =>
    frame('PUSH_PROMISE', { flags: END_HEADERS, stream: 1, payload: Buffer.concat([words(next), block(visit)]) }),
  'too much padding': ({ next }) =>
    frame('HEADERS', { flags: END_HEADERS | PADDED, stream: next, payload: Buffer.from([255, 1, 2]) }),
  'a frame above the limit': ({ visit, next }) =>
    Buffer.concat([post(visit, next), frame('DATA', { stream: next, payload: Buffer.alloc(16_385) })]),
  'trailers without END_STREAM': ({ visit, next }) =>
    Buffer.concat([
      post(visit, next),
      frame('HEADERS', { flags: END_HEADERS, stream: next, payload: encodeFields({ a: 'b' }) }),
    ]),
  'a body longer than it said': ({ visit, next }) =>
    Buffer.concat([
      frame('HEADERS', {
        flags: END_HEADERS,
        stream: next,
        payload: Buffer.concat([block(visit, 'POST', TASKS), encodeFields({ 'content-length': '3' })]),
      }),
      frame('DATA', { flags: END_STREAM, stream: next, payload: Buffer.from('{"model":1}') }),
    ]),
  'a request within CONTINUATION': ({ visit, next }) =>
    Buffer.concat([frame('HEADERS', { stream: next, payload: block(visit) }), get(visit, next + 2)]),
  'large header fields': ({ visit, next, dice }) => {
    const fill = encodeFields({ 'x-fill': 'x'.repeat(dice.int(1, 8_000)) });
    const payload = Buffer.concat([block(visit), fill, dice.chance() ? fill : Buffer.alloc(0)]);
    return frame('HEADERS', { flags: END_STREAM | END_HEADERS, stream: next, payload });
  },
  'bodies that never end': ({ visit, next, dice }) =>
    repeat(dice.int(1, 100), (index) => post(visit, next + 2 * index)),
} satisfies Record<string, (at: BreachAt) => Buffer>;

interface BreachAt {
  readonly visit: Visit;
  readonly dice: Dice;
  readonly next: number;
}

const anyCode = (dice: Dice): number => dice.pick([...Object.values(errorCodes), 0xff_ff_ff_ff]);

function randomFrame(dice: Dice): Buffer {
  const payload = dice.bytes(0, 60);
  const head = { type: dice.int(0, 11), flags: dice.pick([0, 1, 4, 5, dice.int(0, 255)]), stream: dice.int(0, 12) };
  return encodeFrame({ ...head, payload }, dice.chance(0.8) ? payload.length : dice.int(0, 40_000));
}

interface Opening {
  readonly alpn?: readonly string[];
  /** Whether it takes what the server sends. */
  readonly reads: boolean;
  readonly settings?: readonly Buffer[];
}

/** Connects and begins as HTTP/2 does, by hand. */
async function openLine(visit: Visit, { reads, settings: own = [] }: Opening): Promise<Socket | undefined> {
  const socket = await visit.secure({ alpn: ['h2'] });
  if (!socket) return undefined;
  if (reads) socket.resume();
  socket.write(Buffer.concat([PREFACE, settings(...own)]));
  if (visit.dice.chance(0.8)) socket.write(frame('SETTINGS', { flags: ACK }));
  return socket;
}

/** Sends a few good requests, and then a breach or two. */
async function breakRules(visit: Visit): Promise<void> {
  const { dice } = visit;
  for (let turn = dice.int(1, 4); turn > 0 && !visit.over; turn--) {
    const socket = await openLine(visit, { reads: dice.chance(0.9) });
    if (!socket) return;
    const good = dice.some(0, 6, (index) => get(visit, streamOf(index)));
    const next = streamOf(good.length);
    const names = Object.keys(breaches) as (keyof typeof breaches)[];
    const bad = dice.some(1, 2, () => breaches[dice.pick(names)]({ visit, dice, next }));
    if (dice.chance()) socket.write(Buffer.concat([...good, ...bad]));
    else {
      socket.write(Buffer.concat(good));
      await visit.moment();
      socket.write(Buffer.concat(bad));
    }
    await (dice.chance() ? visit.moment() : visit.linger());
    if (dice.chance(0.3)) visit.cut();
  }
}

/** Sends a preface that is none, is cut, or comes a byte at a time. */
async function breakPreface(visit: Visit): Promise<void> {
  const { dice } = visit;
  const socket = await visit.secure({ alpn: ['h2'] });
  if (!socket) return;
  if (dice.chance(0.8)) socket.resume();
  const good = Buffer.concat([PREFACE, settings(), get(visit, 1)]);
  const cut = good.subarray(0, dice.int(0, good.length - 1));
  const changed = Buffer.from(good);
  changed[dice.int(0, 50)] = dice.int(0, 255);
  const kind = dice.pick(['cut', 'changed', 'slow', 'http1', 'none'] as const);
  if (kind === 'cut') socket.write(cut);
  if (kind === 'changed') socket.write(changed);
  if (kind === 'http1') socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  if (kind === 'slow') {
    for (const byte of cut) {
      if (socket.destroyed || visit.over) break;
      socket.write(Buffer.of(byte));
      if (dice.chance(0.2)) await visit.moment();
    }
  }
  await (dice.chance() ? visit.moment() : visit.linger());
  visit.cut();
}

/** Asks for much with all windows wide open, and reads nothing: what the server sends stays in its hands. */
async function stall(visit: Visit): Promise<void> {
  const { dice } = visit;
  const socket = await openLine(visit, { reads: false, settings: [setting(INITIAL_WINDOW_SIZE, WIDE)] });
  if (!socket) return;
  socket.write(frame('WINDOW_UPDATE', { payload: words(WIDE) }));
  socket.write(repeat(dice.int(1, 120), (index) => get(visit, streamOf(index), visit.largePath())));
  await visit.linger();
  if (dice.chance(0.3)) socket.resume();
  if (dice.chance(0.3)) visit.cut();
  await visit.moment();
}

/** Gives no window at all, or a byte at a time. */
async function starve(visit: Visit): Promise<void> {
  const { dice } = visit;
  const socket = await openLine(visit, { reads: true, settings: [setting(INITIAL_WINDOW_SIZE, 0)] });
  if (!socket) return;
  const streams = dice.some(1, 60, streamOf);
  socket.write(Buffer.concat(streams.map((stream) => get(visit, stream))));
  for (let turn = dice.int(0, 100); turn > 0 && !socket.destroyed && !visit.over; turn--) {
    socket.write(frame('WINDOW_UPDATE', { stream: dice.pick(streams), payload: words(dice.int(1, 9)) }));
    await visit.moment();
  }
  await visit.linger();
}

/** Clients that write their frames by hand. */
export const frameClients = {
  'break-rules': breakRules,
  'break-preface': breakPreface,
  stall,
  starve,
} as const;
