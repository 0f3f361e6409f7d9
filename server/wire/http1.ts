import http, { type Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { asksForH2c, refuseH2c } from '../rules/cleartext.ts';
import { attempt, guardExchangeEvents } from './boundary.ts';
import { closeConnection } from './closing.ts';
import type { Connection, Reason } from './connection.ts';
import { type Exchange, Http1Exchange } from './exchange.ts';
import { applyRuling } from './sweeper.ts';

/** Answer to a request that Node's parser refuses; RFC 9110, sections 15.5.1 and 15.5.22 (431: RFC 6585). */
const refusal = (status: '400 Bad Request' | '431 Request Header Fields Too Large', sentence: string) => {
  const type = status.startsWith('400') ? 'BadRequest' : 'RequestHeaderFieldsTooLarge';
  const body = JSON.stringify({ error: { code: 'InvalidParameter', message: sentence, param: '', type } });
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
};

/** Speaks HTTP/1.1 on connections handed to it by `emit('connection', socket)`.
 * @param connectionOf finds the connection a socket belongs to */
export function createHttp1Server(
  connectionOf: (socket: object) => Connection | undefined,
  handle: (exchange: Exchange, request: object) => void,
): Server {
  const server = http.createServer((request, response) => {
    const connection = connectionOf(request.socket);
    // What came in one piece with what ended the connection is read no more.
    if (!connection || connection.ended) return;
    attempt(connection, () => {
      if (asksForH2c(request.headers.upgrade) && !connection.storage)
        return applyRuling(connection, refuseH2c('upgrade'));
      const exchange = new Http1Exchange(connection, request, response);
      request.url = exchange.url;
      for (const emitter of [request, response]) guardExchangeEvents(emitter, exchange);
      handle(exchange, request);
    });
  });
  // How long a connection may idle is for the service rules to say, not for Node's defaults.
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    const connection = connectionOf(socket);
    if (!connection || connection.ended) return;
    if (!connection.storage && error.rawPacket?.toString('latin1').startsWith('PRI * HTTP/2.0'))
      return applyRuling(connection, refuseH2c('preface'));
    // What else the client has sent comes here too. Reading it, and not closing on it, lets the refusal arrive: RFC 9112,
    // section 9.6.
    if (connection.half) return;
    // What comes behind `connection: close` is no request, and gets no answer (RFC 9112, section 9.6).
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    if (!error.code?.startsWith('HPE_')) {
      // Not the parser's but the socket's: it is gone.
      connection.noteClientError(error);
      return;
    }
    const reason: Reason = { by: 'client', cause: 'protocol', code: error.code, explanation: error.message };
    connection.half = { at: Number.POSITIVE_INFINITY, how: 'error', reason };
    const text =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? refusal('431 Request Header Fields Too Large', 'The header fields are over the limit of 16 KiB.')
        : refusal('400 Bad Request', `The request is not HTTP/1.1: ${error.message}.`);
    // Through a relay the FIN comes out later, which it notes.
    socket.end(text, () => connection.transport ?? connection.noteFinSent());
  });
  return server;
}

/** Node closes the socket whole behind the last answer, and the kernel then resets a client that has yet to say that it
 * closes, too. As RFC 9112, section 9.6, has it, our side is closed first, and the client's awaited. */
export function takeOverEnd(connection: Connection, socket: TLSSocket): void {
  socket.destroySoon = () => {
    const [last] = connection.exchanges;
    const reason: Reason = last instanceof Http1Exchange ? last.closeReason : { by: 'server' };
    attempt(connection, () => closeConnection(connection, 'fin', reason));
  };
}
