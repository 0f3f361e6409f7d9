import type { Http2Session } from 'node:http2';
import type { Writable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers';
import { monotonicNow } from '../clock.ts';
import { guarded } from '../guarded.ts';
import type { Connection, Reason } from './connection.ts';

/** How long our FIN may stand behind bytes that the client does not take, in real time. */
const FLUSH_LIMIT_MS = 2_000;
const LOOK_EVERY_MS = 10;

/**
 * The one door through which a rule, a fault, an admin or a shutdown ends a connection.
 *
 * - `reset`: a TCP RST; what is still unread on either side is lost. On a fresh HTTP/2 connection it waits for the client
 *   to acknowledge our SETTINGS, 250 ms of real time at most: that acknowledgement would meet the RST, and many clients then drop what they have read.
 * - `fin`: TLS close_notify and a TCP FIN, once all before it is sent; the client's own FIN is awaited (rule A7 limits how
 *   long). A client that takes nothing for 2 s is reset instead.
 * - `goaway`: GOAWAY, then `fin` when the streams still open have ended; on HTTP/1.1 there is no GOAWAY.
 * - `hang`: nothing more is said, and no rule interferes.
 */
export function closeConnection(
  connection: Connection,
  how: 'reset' | 'fin' | 'goaway' | 'hang',
  reason: Reason,
): void {
  if (connection.ended || connection.resetting) return;
  switch (how) {
    case 'reset':
      resetOnceAcknowledged(connection, reason);
      return;
    case 'fin':
      sendFin(connection, 'fin', reason);
      return;
    case 'goaway':
      if (connection.draining) return;
      connection.draining = true;
      if (!connection.session || connection.session.destroyed) return finAfterStreams(connection, reason, 'fin');
      noteGoaway(connection, { code: 0, lastStreamId: admitUpTo(connection, connection.session) }, reason);
      // nghttp2 takes no even number: the stream below is the same for a client.
      connection.session.goaway(0, connection.lastStreamId - 1 + (connection.lastStreamId % 2));
      finAfterStreams(connection, reason);
      return;
    case 'hang':
      connection.lane.journal.append({ type: 'connection.hung', connection: connection.id, ...reason });
      connection.hanging++;
      // Reading on and throwing it away is what lets us notice that the client has left.
      (connection.tls ?? connection.raw).resume();
      return;
  }
}

/** Processes no stream above the last one that a GOAWAY names. nghttp2 would still take what comes before that frame is sent.
 * @param last left out, the highest stream seen so far
 * @returns what it names: no higher stream than the GOAWAY before (RFC 9113, section 6.8) */
export function admitUpTo(connection: Connection, { state }: Http2Session, last = state.lastProcStreamID): number {
  const lastStreamId = Math.min(last ?? connection.lastStreamId, connection.lastStreamId);
  connection.lastStreamId = lastStreamId;
  for (const exchange of connection.exchanges) if ((exchange.stream ?? 0) > lastStreamId) exchange.abandoned = true;
  return lastStreamId;
}

/** Notes a GOAWAY that is about to be sent: from now on a client that leaves in order has been asked to. */
export function noteGoaway(
  connection: Connection,
  sent: { readonly code: number; readonly lastStreamId: number },
  reason: Reason,
): void {
  connection.sentAway ??= reason;
  connection.note({ type: 'goaway.sent', ...sent });
}

/** Sends FIN once no request is open any more: the second half of a drain. */
export function finAfterStreams(connection: Connection, reason: Reason, how: 'goaway' | 'fin' = 'goaway'): void {
  // A connection of many calls may be told many times.
  if (connection.awaited && !connection.awaited.abandoned) return;
  const unanswered = [...connection.exchanges].filter((exchange) => !exchange.abandoned);
  // One at a time: each end looks again at what is left.
  const [next] = unanswered;
  if (!next) return sendFin(connection, how, reason);
  connection.awaited = next;
  next.onceClosed(() => {
    if (connection.awaited === next) connection.awaited = undefined;
    if (!connection.ended && !connection.half) finAfterStreams(connection, reason, how);
  });
}

/** The first to end a connection does; whoever else wants to meanwhile has nothing left to do. */
function resetOnceAcknowledged(connection: Connection, reason: Reason): void {
  const { session, settingsAckDueMs } = connection;
  if (!session || settingsAckDueMs === 0) return sendReset(connection, reason);
  if (connection.resetting) return;
  connection.resetting = true;
  const proceed = later(connection, () => {
    clearTimeout(limit);
    session.off('localSettings', proceed).off('close', proceed);
    sendReset(connection, reason);
  });
  const limit = setTimeout(proceed, settingsAckDueMs);
  session.on('localSettings', proceed).on('close', proceed);
}

/** Resets a connection now. Where that is not possible, the socket is closed, and the journal says so. */
function sendReset(connection: Connection, reason: Reason): void {
  if (connection.ended) return;
  const open = connection.openNow;
  const how = connection.raw.destroyed ? undefined : resetSocket(connection);
  // A socket that is gone has ended by itself, and its end is about to be recorded.
  if (how) connection.recordEnd(how, reason, open);
}

/**
 * Sends RST and closes the socket. libuv refuses the former while a FIN waits for bytes before it, and Node can do nothing
 * more with a handle that it refused: the socket is closed instead, which sends FIN.
 */
function resetSocket({ raw, tls }: Connection): 'reset' | 'fin' {
  if (!isFinishing(raw) && !(tls && isFinishing(tls))) {
    raw.resetAndDestroy();
    return 'reset';
  }
  raw.destroy();
  return 'fin';
}

/** Whether a FIN is on its way to the kernel: what Node itself has yet to write comes before. */
const isFinishing = ({ writableEnded, writableFinished, writableLength }: Writable): boolean =>
  writableEnded && !writableFinished && writableLength === 0;

function sendFin(connection: Connection, how: 'fin' | 'goaway', reason: Reason): void {
  if (connection.half) return;
  // Until it is sent nothing is to be counted from it.
  connection.half = { at: Number.POSITIVE_INFINITY, how, reason };
  // A GOAWAY that waits to be sent would be lost behind the FIN.
  void handedToKernel(connection).then(later(connection, () => finOnceFlushed(connection, reason)));
}

/** Between two pieces of answers that are under way there is a moment at which nothing waits: then it is looked again.
 * @param sinceMs monotonic time of the first look
 * @param wasFlushed whether nothing waited at the look before */
function finOnceFlushed(connection: Connection, reason: Reason, sinceMs = monotonicNow(), wasFlushed = false): void {
  if (connection.ended || connection.raw.destroyed) return;
  const isFlushed = connection.unsentBytes === 0;
  if (isFlushed && (wasFlushed || connection.openNow.length === 0)) return finish(connection);
  if (monotonicNow() - sinceMs >= FLUSH_LIMIT_MS) return sendReset(connection, reason);
  setTimeout(
    later(connection, () => finOnceFlushed(connection, reason, sinceMs, isFlushed)),
    LOOK_EVERY_MS,
  );
}

function finish(connection: Connection): void {
  const socket = connection.tls ?? connection.raw;
  socket.end();
  // Through a relay it is on its way, and comes out later.
  if (!(connection.tls && connection.transport)) connection.noteFinSent();
  // Whatever still comes is thrown away, up to the client's own FIN.
  socket.resume();
  connection.listenForFin();
  // A client that closed first has nothing left to answer.
  if (connection.clientEnd.fin) connection.raw.destroySoon();
}

/** For what is called once a turn of the loop, a timer or the client has come. */
const later = (connection: Connection, run: () => void): (() => void) =>
  guarded((error) => connection.lane.journal.bug(error, { connection: connection.id }), run);

/** A frame is queued in this turn of the loop, turned into TLS records in the next, and with the kernel after that; where a
 * plan makes it late, then once it is out. */
export async function handedToKernel({ transport }: Connection): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await transport?.drained();
}
