import http2, { type Http2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Goaway } from '../faults/plans.ts';
import { finAfterStreams } from './closing.ts';
import type { Connection } from './connection.ts';
import { type Exchange, Http2Exchange } from './exchange.ts';

/** Speaks HTTP/2 on a connection whose ALPN said `h2`. */
export function serveHttp2(
  connection: Connection,
  socket: TLSSocket,
  handle: (exchange: Exchange, request: object) => void,
  onPing: (payload: Uint8Array) => void,
): void {
  const session = http2.performServerHandshake(socket);
  connection.session = session;

  // One function for all streams: nothing of an exchange hangs on its stream, which Node keeps for two collections more.
  function forget(this: Http2Stream) {
    connection.exchanges.removeStream(this.id);
  }

  session.on('stream', (stream, headers) => {
    stream.on('error', ignore).on('close', forget);
    const exchange = new Http2Exchange(connection, stream, headers);
    const { method, url } = exchange;
    const request = { headers, method, url, socket, httpVersion: '2.0', httpVersionMajor: 2, httpVersionMinor: 0 };
    // A ServerHttp2Stream is a Duplex that reads the body: with these it is all that Fastify needs of a request. It does
    // without the body of a GET, and a fresh object is a quarter of the price.
    handle(exchange, method === 'GET' ? request : Object.assign(stream, request));
  });
  session.on('ping', onPing);
  session.on('goaway', (code, lastStreamId) => {
    connection.clientEnd.goaway = true;
    connection.lane.journal.append({ type: 'goaway.received', connection: connection.id, code, lastStreamId });
  });
  session.on('error', (error) => {
    connection.noteClientError(error);
  });
}

/** Sends GOAWAY and lets the streams it admits finish; then FIN. */
export function drainSession(connection: Connection, { code, lastStreamId, graceful }: Goaway, cause: string): void {
  const { session } = connection;
  if (!session || session.destroyed) return;
  // RFC 9113, section 6.8: the first of two names the highest possible stream, so that nothing in flight is lost.
  if (graceful) session.goaway(0, 2 ** 31 - 1);
  session.goaway(code, lastStreamId);
  if (lastStreamId !== undefined) {
    for (const exchange of connection.exchanges) if ((exchange.stream ?? 0) > lastStreamId) exchange.abandoned = true;
  }
  finAfterStreams(connection, { by: 'fault', cause });
}

// Each stream's and session's failure is told by the end of the connection, which has its own event.
const ignore = () => {};
