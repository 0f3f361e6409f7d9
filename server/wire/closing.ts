import type { Connection, Reason } from './connection.ts';

/**
 * The one door through which a rule, a fault, an admin or a shutdown ends a connection.
 *
 * - `reset`: a TCP RST at once; what is still unread on either side is lost.
 * - `fin`: TLS close_notify and a TCP FIN; the client's own FIN is awaited (rule A7 limits how long).
 * - `goaway`: GOAWAY, then `fin` when the streams still open have ended; on HTTP/1.1 simply `fin`.
 * - `hang`: nothing more is said, and no rule interferes.
 */
export function closeConnection(
  connection: Connection,
  how: 'reset' | 'fin' | 'goaway' | 'hang',
  reason: Reason,
): void {
  if (connection.ended) return;
  switch (how) {
    case 'reset':
      connection.recordEnd('reset', reason);
      connection.raw.resetAndDestroy();
      return;
    case 'fin':
      sendFin(connection, 'fin', reason);
      return;
    case 'goaway':
      if (!connection.session || connection.session.destroyed) return sendFin(connection, 'fin', reason);
      noteGoaway(connection, 0);
      connection.session.goaway();
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

/** Notes a GOAWAY that is about to be sent. */
export function noteGoaway(connection: Connection, code: number, lastStreamId?: number): void {
  const last = lastStreamId !== undefined && { lastStreamId };
  connection.note({ type: 'goaway.sent', code, ...last });
}

/** Sends FIN once no request is open any more: the second half of a drain. */
export function finAfterStreams(connection: Connection, reason: Reason): void {
  const unanswered = [...connection.exchanges].filter((exchange) => !exchange.abandoned);
  if (unanswered.length === 0) return sendFin(connection, 'goaway', reason);
  for (const exchange of unanswered) {
    exchange.onceClosed(() => {
      if (!connection.ended && !connection.half) finAfterStreams(connection, reason);
    });
    return; // One at a time: each end looks again at what is left.
  }
}

function sendFin(connection: Connection, how: 'fin' | 'goaway', reason: Reason): void {
  if (connection.half) return;
  const relayed = connection.tls && connection.transport;
  connection.half = { at: relayed ? Number.POSITIVE_INFINITY : connection.lane.clock.now(), how, reason };
  const socket = connection.tls ?? connection.raw;
  // A GOAWAY that waits to be sent would be lost behind the FIN.
  void handedToKernel(connection).then(() => {
    if (connection.ended) return;
    socket.end();
    // Whatever still comes is thrown away, up to the client's own FIN.
    socket.resume();
    connection.listenForFin();
    // A client that closed first has nothing left to answer.
    if (connection.clientEnd.fin) connection.raw.destroySoon();
  });
}

/** A frame is queued in this turn of the loop, turned into TLS records in the next, and with the kernel after that; where a
 * plan makes it late, then once it is out. */
export async function handedToKernel({ transport }: Connection): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await transport?.drained();
}
