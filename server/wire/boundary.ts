import { EventEmitter } from 'node:events';
import { guarded } from '../guarded.ts';
import { closeConnection } from './closing.ts';
import type { Connection } from './connection.ts';
import type { Exchange } from './exchange.ts';

/**
 * The error boundary of everything that sockets, sessions and streams call: an error in it never ends the process. It ends
 * the call or the connection that it concerned, and is a `bug` in the journal unless the client's leaving explains it.
 */

/** What Node says of a socket, session or stream that is used, or was being used, when it ended. */
const ENDED_UNDER_US: ReadonlySet<string> = new Set([
  'ABORT_ERR',
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_ERROR',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
  'ERR_HTTP2_INVALID_STREAM',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether an error only says that the call or the connection has ended, and it has. */
function isTheirLeaving(error: unknown, { ended, raw, session }: Connection, exchange?: Exchange): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!ENDED_UNDER_US.has(code)) return false;
  return ended || raw.destroyed || session?.destroyed === true || exchange?.destroyed === true;
}

/** Tells a failure of ours from the client's doing, and records the former as a `bug`.
 * @returns whether it was a bug */
export function recordFailure(error: unknown, connection: Connection, exchange?: Exchange): boolean {
  if (isTheirLeaving(error, connection, exchange)) return false;
  const { lane, id } = exchange?.seat ?? connection;
  lane.journal.bug(error, { connection: id, ...(exchange && { request: exchange.id }) });
  return true;
}

/** Runs what is done for one call. What fails in it resets the call's stream (RFC 9113, section 5.4.2), or on HTTP/1.1,
 * which has none, its connection. */
export function attemptExchange(exchange: Exchange, run: () => unknown): void {
  guarded((error) => failExchange(error, exchange), run)();
}

export function failExchange(error: unknown, exchange: Exchange): void {
  if (recordFailure(error, exchange.connection, exchange)) exchange.abort({ by: 'server', cause: 'bug' });
}

/** Runs what is done for a connection. What fails in it resets the connection. */
export function attempt(connection: Connection, run: () => unknown): void {
  guarded((error) => failConnection(error, connection), run)();
}

function failConnection(error: unknown, connection: Connection): void {
  if (recordFailure(error, connection)) closeConnection(connection, 'reset', { by: 'server', cause: 'bug' });
}

/** Puts the boundary around all listeners of a socket, session or stream of a connection, whoever added them. All of them
 * share one function: there may be thousands of connections, and many streams on each. */
export function guardEvents(emitter: Guarded, connection: Connection): void {
  connection.boundEmit ??= boundEmit<Guarded>(function (error) {
    // Of these only a stream has a number.
    const exchange = this.id === undefined ? undefined : connection.exchanges.onStream(this.id);
    if (exchange) failExchange(error, exchange);
    else failConnection(error, connection);
  });
  emitter.emit = connection.boundEmit;
}

type Guarded = EventEmitter & { readonly id?: number | undefined };

/** The same for what belongs to one call over HTTP/1.1. */
export function guardExchangeEvents(emitter: EventEmitter, exchange: Exchange): void {
  emitter.emit = boundEmit((error) => failExchange(error, exchange));
}

export type Emit = EventEmitter['emit'];

/** Makes an `emit` that never throws.
 * @param onError is called with the emitter as `this` */
export function boundEmit<E extends EventEmitter>(onError: (this: E, error: unknown) => void): Emit {
  return function (this: E, ...event: Parameters<Emit>) {
    try {
      return EventEmitter.prototype.emit.apply(this, event);
    } catch (error) {
      onError.call(this, error);
      return true;
    }
  };
}
