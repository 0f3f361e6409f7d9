import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { reasonOf } from '../errors.ts';
import type { ConnectionPlan, SessionPlan } from '../faults/plans.ts';
import type { Lane } from '../lane.ts';
import { listenOn } from '../listen.ts';
import { judgeAlpn, selectProtocol } from '../rules/alpn.ts';
import { refuseClearText, refuseH2c } from '../rules/cleartext.ts';
import { readPingTime } from '../rules/heartbeat.ts';
import type { Facts } from '../scenario/scenario.ts';
import { noteBeat } from './beats.ts';
import type { CertificateAuthority } from './certificates.ts';
import { readOpening } from './client-hello.ts';
import { closeConnection } from './closing.ts';
import { Connection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { createHttp1Server } from './http1.ts';
import { drainSession, serveHttp2 } from './http2.ts';
import { RecordRelay } from './relay.ts';
import { applyRuling, startSweeper } from './sweeper.ts';

/** How long open connections get to finish at shutdown before they are reset, in real time. */
const SHUTDOWN_GRACE_MS = 500;

/** What is given each request, on either HTTP version. `request` is what Fastify reads. */
export type HandleExchange = (exchange: Exchange, request: object) => void;

/** The service's port: TCP, ClientHello, TLS, ALPN, then HTTP/2 or HTTP/1.1. */
export class Listener {
  readonly connections = new Map<number, Connection>();
  readonly #lane: Lane;
  readonly #handle: HandleExchange;
  readonly #tcp: net.Server;
  readonly #tls: tls.Server;
  readonly #http1: ReturnType<typeof createHttp1Server>;
  readonly #owners = new WeakMap<object, Connection>();
  readonly #sweeper: { cancel(): void };
  #opened = 0;

  private constructor(
    lane: Lane,
    handle: HandleExchange,
    authority: CertificateAuthority,
    leaf: { key: string; cert: string },
  ) {
    this.#lane = lane;
    this.#handle = handle;
    // Without allowHalfOpen Node would answer a FIN by itself; without noDelay small frames wait 40 ms for an ACK.
    this.#tcp = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: false });
    this.#tcp.on('connection', (raw) => void this.#accept(raw).catch((error) => this.#noteBug(error)));
    this.#tls = tls.createServer({
      ...leaf,
      minVersion: 'TLSv1.2',
      ALPNCallback: ({ protocols }) => selectProtocol(protocols, lane.service.alpn.offer),
      SNICallback: (name, done) =>
        void authority.contextFor(name, lane.clock.wallNow()).then((context) => done(null, context), done),
    });
    this.#tls.on('secureConnection', (socket) => this.#secured(socket));
    this.#tls.on('tlsClientError', (error, socket) => {
      const connection = this.#ownerOf(socket);
      if (connection) connection.clientEnd.error ??= error;
      connection?.raw.destroy();
    });
    this.#http1 = createHttp1Server((socket) => this.#owners.get(socket), handle);
    this.#sweeper = startSweeper(lane, { [Symbol.iterator]: () => this.connections.values() });
  }

  /** @param names what the certificate covers beside localhost and the names a client asks for */
  static async create(
    lane: Lane,
    authority: CertificateAuthority,
    { names, handle }: { readonly names: readonly string[]; readonly handle: HandleExchange },
  ): Promise<Listener> {
    return new Listener(lane, handle, authority, await authority.issue(lane.clock.wallNow(), ...names));
  }

  /** Calls `keep` with each line that Wireshark needs to decrypt what passes here. */
  onTlsSecret(keep: (line: Buffer) => void): void {
    this.#tls.on('keylog', keep);
  }

  /** Starts to listen.
   * @returns the port, which matters when `port` was 0
   * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
  async listen(host: string, port: number): Promise<number> {
    return listenOn(this.#tcp, host, port);
  }

  /** Refuses new connections, drains the open ones, and resets what is still there after a short grace. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const connection of this.connections.values()) {
      closeConnection(connection, connection.hanging > 0 ? 'reset' : 'goaway', { by: 'shutdown' });
    }
    const grace = setTimeout(() => {
      for (const connection of this.connections.values()) closeConnection(connection, 'reset', { by: 'shutdown' });
    }, SHUTDOWN_GRACE_MS);
    await closed;
    clearTimeout(grace);
    this.#sweeper.cancel();
  }

  async #accept(raw: Socket): Promise<void> {
    const connection = new Connection(++this.#opened, this.#lane, raw);
    this.connections.set(connection.id, connection);
    this.#owners.set(raw, connection);
    raw.on('error', (error) => {
      connection.clientEnd.error ??= error;
    });
    raw.on('end', () => onClientFin(connection));
    raw.on('close', () => {
      connection.recordSocketClosed();
      this.connections.delete(connection.id);
    });

    const facts: Facts = {
      connection: connection.id,
      client: raw.remoteAddress ?? '',
      remote: raw.remoteAddress ?? '',
    };
    const plan: ConnectionPlan = {};
    let struckBy = this.#lane.strike('accept', facts, { plan, openConnections: this.connections.size });
    if (plan.end?.at === 'accept') return closeAsPlanned(connection, plan.end.how, struckBy);

    const opening = await readOpening(raw).catch(() => undefined);
    if (!opening || connection.ended) return;
    const { service } = this.#lane;
    switch (opening.kind) {
      case 'h2c-preface':
        return applyRuling(connection, refuseH2c('preface'));
      case 'http':
        return applyRuling(
          connection,
          opening.upgrade === 'h2c' ? refuseH2c('upgrade') : refuseClearText('http', service),
        );
      case 'garbage':
        return applyRuling(connection, refuseClearText(opening, service));
      case 'tls':
        break;
    }

    const { alpn, serverName } = opening;
    this.#lane.journal.append({
      type: 'connection.hello',
      connection: connection.id,
      alpn,
      ...(serverName !== undefined && { serverName }),
    });
    const helloFacts: Facts = { ...facts, alpn, ...(serverName !== undefined && { serverName }) };
    struckBy = [
      ...struckBy,
      ...this.#lane.strike('client-hello', helloFacts, { plan }),
      ...this.#lane.strike('handshake', helloFacts, { plan }),
    ];
    if (plan.end?.at === 'client-hello') return closeAsPlanned(connection, plan.end.how, struckBy);
    const ruling = judgeAlpn(alpn, service);
    if (ruling && !ruling.afterHandshake) return applyRuling(connection, ruling);

    connection.onceSecured = () => {
      if (plan.end?.at === 'finished') closeAsPlanned(connection, plan.end.how, struckBy);
      else if (ruling) applyRuling(connection, ruling);
    };
    const { end } = plan;
    if (end?.at !== 'server-hello') return void this.#tls.emit('connection', raw);
    const relay = new RecordRelay(raw, () => closeAsPlanned(connection, end.how, struckBy));
    this.#owners.set(relay, connection);
    this.#tls.emit('connection', relay);
  }

  #secured(socket: TLSSocket): void {
    const connection = this.#ownerOf(socket);
    if (!connection || connection.ended) return void socket.destroy();
    connection.tls = socket;
    this.#owners.set(socket, connection);
    socket.on('error', (error) => {
      connection.clientEnd.error ??= error;
    });
    socket.on('end', () => onClientFin(connection));
    connection.onceSecured?.();
    if (connection.ended || connection.half || connection.hanging > 0) return;

    const protocol = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    connection.protocol = protocol;
    this.#lane.journal.append({
      type: 'connection.secured',
      connection: connection.id,
      protocol,
      tls: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
    });
    if (protocol === 'http/1.1') return void this.#http1.emit('connection', socket);
    serveHttp2(connection, socket, this.#handle, (payload) => noteBeat(connection, 'ping', readPingTime(payload)));
    const plan: SessionPlan = {};
    const struckBy = this.#lane.strike('session', { connection: connection.id, protocol }, { plan });
    if (plan.goaway) drainSession(connection, plan.goaway, struckBy.join(', '));
  }

  #ownerOf(socket: TLSSocket): Connection | undefined {
    // Node keeps what a TLSSocket was built on in `_parent`; a Duplex sits inside a JSStreamSocket, under `stream`.
    const parent = (socket as TLSSocket & { _parent?: Duplex & { stream?: Duplex } })._parent;
    return parent && (this.#owners.get(parent) ?? (parent.stream && this.#owners.get(parent.stream)));
  }

  #noteBug(error: unknown): void {
    this.#lane.journal.append({
      type: 'bug',
      message: reasonOf(error),
      ...(error instanceof Error && error.stack !== undefined && { stack: error.stack }),
    });
  }
}

function closeAsPlanned(connection: Connection, how: 'reset' | 'fin' | 'hang', struckBy: readonly string[]): void {
  closeConnection(connection, how, { by: 'fault', cause: struckBy.join(', ') });
}

/** The client closed its side. On HTTP/1.1 it may still be waiting for an answer: Node's server ends that one itself. */
function onClientFin(connection: Connection): void {
  connection.clientEnd.fin = true;
  if (connection.half) return connection.raw.destroySoon();
  if (connection.protocol === 'http/1.1' && connection.hanging === 0) return;
  (connection.tls ?? connection.raw).end();
}
