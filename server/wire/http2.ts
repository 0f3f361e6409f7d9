import http2, { type Http2Stream, type ServerHttp2Session, type ServerOptions, type Settings } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { errorCodes } from '../faults/error-codes.ts';
import { frameTypes, MAX_STREAM_ID } from '../faults/frame-types.ts';
import type { ExtraFrame, Goaway, SessionPlan } from '../faults/plans.ts';
import { readPingTime } from '../rules/heartbeat.ts';
import { noteBeat } from './beats.ts';
import { attempt, guardEvents } from './boundary.ts';
import { admitUpTo, finAfterStreams, noteGoaway } from './closing.ts';
import type { Connection } from './connection.ts';
import { type Exchange, Http2Exchange } from './exchange.ts';
import { FrameTap } from './frame-tap.ts';

/** Speaks HTTP/2 on a connection whose ALPN said `h2`, as the faults on its hook have planned.
 * @param cause the faults that wrote the plan */
export function serveHttp2(
  connection: Connection,
  socket: TLSSocket,
  handle: (exchange: Exchange, request: object) => void,
  { plan, cause }: { readonly plan: SessionPlan; readonly cause: string },
): void {
  if (connection.lane.needs('frames'))
    connection.tap = new FrameTap(connection, socket, { rules: plan.frameRules ?? [], cause });
  const transport = connection.tap ?? socket;
  const session = http2.performServerHandshake(transport, optionsOf(plan));
  // What came before the session is there Node reads in the next tick, and does not look whether the session still is: that
  // would end the process. What is read, or the reading itself, may end it. Behind that tick reading is as it was; a deleted
  // property would make the socket a slow object.
  const { read } = transport;
  transport.read = (bytes) => {
    const piece = session.destroyed ? null : read.call(transport, bytes);
    return session.destroyed ? null : piece;
  };
  process.nextTick(() => {
    transport.read = read;
  });
  // Behind a frame tap the session reports a breach only once the connection is gone.
  const { destroy } = session;
  session.destroy = (error, code) => {
    if (error instanceof Error) noteBreach(connection, error);
    destroy.call(session, error, code);
  };
  connection.session = session;
  connection.noteSettingsSent();
  guardEvents(session, connection);

  // One function for all streams: nothing of an exchange hangs on its stream, which Node keeps for two collections more.
  function forget(this: Http2Stream) {
    const exchange = connection.exchanges.removeStream(this.id);
    if (this.rstCode && exchange) noteReset(exchange, this.rstCode);
  }

  session.on('stream', (stream, headers) => {
    guardEvents(stream, connection);
    stream.on('error', ignore).on('close', forget);
    const exchange = new Http2Exchange(connection, stream, headers);
    // What came in one piece with a call on which the connection was cut is read no more.
    if (connection.ended || exchange.stream > connection.lastStreamId) {
      exchange.abandoned = true;
      return;
    }
    const { method, url } = exchange;
    const request = { headers, method, url, socket, httpVersion: '2.0', httpVersionMajor: 2, httpVersionMinor: 0 };
    // A ServerHttp2Stream is a Duplex that reads the body: with these it is all that Fastify needs of a request. It does
    // without the body of a GET, and a fresh object is a quarter of the price.
    handle(exchange, method === 'GET' ? request : Object.assign(stream, request));
  });
  session.on('ping', (payload) => noteBeat(connection, 'ping', readPingTime(payload)));
  session.on('goaway', (code, lastStreamId) => {
    connection.note({ type: 'goaway.received', code, lastStreamId });
    connection.noteClientGoaway(code);
  });
  session.on('error', (error: NodeJS.ErrnoException) => connection.noteSessionError(error));
  if (plan.maxStreams) limitStreams(connection, session, plan.maxStreams);
  if (plan.goaway) drainSession(connection, plan.goaway, cause);
  for (const extra of plan.extraFrames ?? []) connection.tap?.add(extra);
}

/** What else ends a session, the socket or a GOAWAY, has an event of its own. */
function noteBreach(connection: Connection, error: NodeJS.ErrnoException): void {
  if (error.code === 'ERR_HTTP2_ERROR') connection.noteClientError(error);
}

function optionsOf({ settings, padded }: SessionPlan): ServerOptions {
  return {
    ...(settings && { settings: settings as Settings }),
    ...(padded && { paddingStrategy: http2.constants.PADDING_STRATEGY_MAX }),
  };
}

function limitStreams(
  connection: Connection,
  session: ServerHttp2Session,
  { max, after }: NonNullable<SessionPlan['maxStreams']>,
): void {
  const limit = () => {
    if (session.destroyed) return;
    connection.noteSettingsSent();
    session.settings({ maxConcurrentStreams: max });
  };
  if (after === 0) return limit();
  let requests = 0;
  session.on('stream', () => {
    requests++;
    if (requests === after) limit();
  });
}

/** RFC 9113, section 7. */
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(errorCodes).map(([name, code]) => [code, name]));

/** Notes a stream that ended with a code, unless we ended it, or it fell with its connection. */
function noteReset({ connection, lane, seat, id, stream = 0, abandoned, hung }: Exchange, code: number): void {
  if ((abandoned && !hung) || connection.ended || connection.session?.destroyed) return;
  const cause = NAMES.get(code);
  lane.journal.append({
    ...{ type: 'stream.reset', connection: seat.id, request: id, stream, code, by: 'client' },
    ...(cause !== undefined && { cause }),
  });
}

/** How long a client that is warned of a GOAWAY gets to answer the PING behind it, in lane time. */
const WARNED_LIMIT_MS = 1_000;

/** Sends GOAWAY and lets the streams it admits finish; then FIN. */
export function drainSession(connection: Connection, goaway: Goaway, cause: string): void {
  const { session, tap } = connection;
  if (!session || session.destroyed) return;
  // A client takes a last stream that is higher than the one before for a breach.
  const isDraining = connection.lastStreamId < MAX_STREAM_ID;
  if (!goaway.graceful || !tap || isDraining) return announceLast(connection, goaway, cause);
  if (connection.warned) return;
  connection.warned = true;
  // RFC 9113, section 6.8: the first of two names the highest possible stream, and the other comes a round trip later, so
  // that nothing in flight is lost.
  noteGoaway(connection, { code: 0, lastStreamId: MAX_STREAM_ID }, { by: 'fault', cause });
  tap.add(goawayFrame(0, MAX_STREAM_ID));
  const answered = new AbortController();
  session.ping(() => answered.abort());
  attempt(connection, async () => {
    await connection.lane.clock.sleep(WARNED_LIMIT_MS, answered.signal);
    announceLast(connection, goaway, cause);
  });
}

function announceLast(connection: Connection, goaway: Goaway, cause: string): void {
  const { session, tap } = connection;
  if (!session || session.destroyed || connection.half) return;
  const { code } = goaway;
  const lastStreamId = admitUpTo(connection, session, goaway.lastStreamId);
  noteGoaway(connection, { code, lastStreamId }, { by: 'fault', cause });
  tap?.admitUpTo(lastStreamId);
  // nghttp2 would read 0 as "the highest stream seen so far", and takes no even number.
  if (tap && goaway.lastStreamId !== undefined && lastStreamId % 2 === 0) tap.add(goawayFrame(code, lastStreamId));
  else session.goaway(code, lastStreamId);
  finAfterStreams(connection, { by: 'fault', cause });
}

/** RFC 9113, section 6.8: last stream, then code. */
function goawayFrame(code: number, lastStreamId: number): ExtraFrame {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStreamId, 0);
  payload.writeUInt32BE(code, 4);
  return { frame: { type: frameTypes.GOAWAY, flags: 0, stream: 0, payload }, count: 1 };
}

// Each stream's and session's failure is told by the end of the connection, which has its own event.
const ignore = () => {};
