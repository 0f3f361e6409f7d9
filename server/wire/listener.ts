import type { EventEmitter } from 'node:events';
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import type { SessionPlan } from '../faults/plans.ts';
import { guarded } from '../guarded.ts';
import type { Lane } from '../lane.ts';
import { type Admission, admit, admitToStorage } from './admission.ts';
import { attempt, attemptExchange, boundEmit, guardEvents } from './boundary.ts';
import { closeConnection, handedToKernel } from './closing.ts';
import { Connection } from './connection.ts';
import type { Directory } from './directory.ts';
import type { Exchange } from './exchange.ts';
import { Gate, type GateSetting } from './gate.ts';
import { createHttp1Server, takeOverEnd } from './http1.ts';
import { serveHttp2 } from './http2.ts';
import { Relay } from './relay.ts';
import { Sweeper } from './sweeper.ts';
import { TlsServers, type TlsSetting } from './tls-servers.ts';

/** How long open connections get to finish at shutdown before they are reset, in real time. */
const SHUTDOWN_GRACE_MS = 500;
/** When what has not even ended by a reset is closed as it is. */
const SHUTDOWN_LIMIT_MS = 1_000;

/** What is given each request, on either HTTP version. `request` is what Fastify reads. */
export type HandleExchange = (exchange: Exchange, request: object) => void;

/** What a port is made of. */
export interface ListenerSetting extends Omit<TlsSetting, 'lane' | 'attend' | 'of'> {
  readonly handle: HandleExchange;
  /** Finds the lanes that share it; left out, it has one. */
  readonly directory?: Directory | undefined;
  /** Default: the service. On the storage port no service rule and no fault on connections applies. */
  readonly of?: GateSetting['of'];
}

/** The service's port or the storage's: TCP, ClientHello, TLS, ALPN, then HTTP/2 or HTTP/1.1. */
export class Listener {
  readonly connections = new Map<number, Connection>();
  readonly #lane: Lane;
  readonly #handle: HandleExchange;
  readonly #directory: Directory | undefined;
  readonly #storage: boolean;
  readonly #gate: Gate;
  readonly #http1: ReturnType<typeof createHttp1Server>;
  readonly #sweeper: Sweeper;
  /** Finds the connection that a socket, or what was put around it, belongs to. */
  readonly #owners = new WeakMap<object, Connection>();
  readonly #admissions = new WeakMap<Connection, Admission>();
  readonly #secureServers: TlsServers;
  #onEmpty: (() => void) | undefined;
  #keepSecret: ((line: Buffer) => void) | undefined;

  constructor(lane: Lane, { handle, directory, of = 'service', ...tls }: ListenerSetting) {
    this.#lane = lane;
    this.#storage = of === 'storage';
    const deliver: HandleExchange = directory
      ? (exchange, request) => directory.deliver(exchange, request) || handle(exchange, request)
      : handle;
    this.#handle = (exchange, request) => attemptExchange(exchange, () => deliver(exchange, request));
    this.#directory = directory;
    // Without allowHalfOpen Node would answer a FIN by itself; without noDelay small frames wait 40 ms for an ACK.
    const tcp = net.createServer({ allowHalfOpen: true, noDelay: true }, (raw) => this.adopt(raw));
    this.#gate = new Gate(lane, tcp, { of, openConnections: () => this.connections.size });
    this.#secureServers = new TlsServers({ ...tls, lane, of, attend: (server) => this.#attend(server) });
    this.#http1 = createHttp1Server((socket) => this.#owners.get(socket), this.#handle);
    for (const server of [tcp, this.#http1]) this.#guardEvents(server);
    this.#sweeper = new Sweeper(lane, this.connections);
  }

  /** Takes over a connection that came to another port, and whose ClientHello is yet to be read. */
  adopt(raw: Socket): void {
    guarded(this.#noteBug, () => this.#accept(raw))();
  }

  /** Starts to listen.
   * @returns the port, which matters when `port` was 0
   * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
  listen(host: string, port: number): Promise<number> {
    return this.#gate.listen(host, port);
  }

  /** Calls `keep` with each line that Wireshark needs to decrypt what passes here. */
  onTlsSecret(keep: (line: Buffer) => void): void {
    this.#keepSecret = keep;
    this.#secureServers.ordinary.on('keylog', keep);
  }

  /** Refuses new connections, drains the open ones, and resets what is still there after a short grace. */
  async close(): Promise<void> {
    const closed = this.#gate.shut();
    for (const connection of this.connections.values()) {
      closeConnection(connection, connection.hanging > 0 ? 'reset' : 'goaway', { by: 'shutdown' });
    }
    const steps = [
      setTimeout(() => {
        for (const connection of this.connections.values()) closeConnection(connection, 'reset', { by: 'shutdown' });
      }, SHUTDOWN_GRACE_MS),
      setTimeout(() => {
        for (const { raw } of this.connections.values()) raw.destroy();
      }, SHUTDOWN_LIMIT_MS),
    ];
    // Those that came in by another port, and were handed over, are not the port's to wait for.
    await Promise.all([closed, this.#emptied()]);
    for (const step of steps) clearTimeout(step);
    this.#sweeper.stop();
  }

  /** Resolves once no connection is left. */
  #emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.connections.size === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  async #accept(raw: Socket): Promise<void> {
    const connection = new Connection(this.#lane, raw, { directory: this.#directory, storage: this.#storage });
    this.connections.set(connection.id, connection);
    this.#sweeper.lookOn();
    this.#owners.set(raw, connection);
    const leave = () => {
      this.connections.delete(connection.id);
      this.#sweeper.lookOn();
      this.#gate.left(connection);
      if (this.connections.size === 0) this.#onEmpty?.();
    };
    const watch = {
      error: (error: NodeJS.ErrnoException) => connection.noteClientError(error),
      // Behind a relay the end comes when the bytes before it have passed.
      end: () => (connection.transport && !connection.half ? undefined : answerFin(connection)),
      close: () => {
        connection.recordSocketClosed();
        leave();
      },
    };
    guardEvents(raw, connection);
    raw.on('error', watch.error).on('end', watch.end).on('close', watch.close);
    const handOver = (serverName: string | undefined): boolean => {
      const other = this.#directory?.listenerFor(serverName);
      if (other === undefined) return false;
      if (other === 'gone') closeConnection(connection, 'reset', { by: 'server', cause: 'lane is over' });
      else {
        raw.off('error', watch.error).off('end', watch.end).off('close', watch.close);
        connection.recordHandover(other.#lane.id);
        leave();
        other.adopt(raw);
      }
      return true;
    };

    const admitting = this.#storage
      ? admitToStorage(connection)
      : admit(connection, this.connections.size, { gate: this.#gate, handOver });
    // It may have struck a fault that closes the port behind it.
    this.#gate.look();
    const admission = await admitting;
    if (!admission) return;
    this.#admissions.set(connection, admission);
    const { cutAfterServerHello: cut, tls, serverName, transport: plan, reason } = admission;
    const { ordinary } = this.#secureServers;
    const server = tls ? await this.#secureServers.planned(tls, serverName) : ordinary;
    if (connection.ended) return;
    if (tls?.certificate) connection.introduce({ type: 'certificate.shown', certificate: tls.certificate });
    // TLS takes this over. Until there is somebody to answer the client's FIN, Node has to, or nobody sees it leave.
    raw.allowHalfOpen = false;
    if (cut || plan) connection.transport = new Relay(connection, { plan, cut, reason });
    const transport = connection.transport ?? raw;
    this.#owners.set(transport, connection);
    server.emit('connection', transport);
  }

  #attend(server: TlsServer): void {
    this.#guardEvents(server);
    if (this.#keepSecret) server.on('keylog', this.#keepSecret);
    server.on('secureConnection', (socket) => this.#secure(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const connection = this.#ownerOf(socket);
      if (!connection) return;
      // Node calls a FIN amid the handshake an ECONNRESET as well; a real one names the system call that met it.
      if (error.code === 'ECONNRESET' && error.syscall === undefined) connection.clientEnd.fin = true;
      else connection.noteClientError(error);
      connection.raw.destroy();
    });
  }

  #secure(socket: TLSSocket): void {
    const connection = this.#ownerOf(socket);
    if (!connection || connection.ended) {
      setImmediate(() => socket.destroy());
      return;
    }
    connection.tls = socket;
    guardEvents(socket, connection);
    socket.allowHalfOpen = connection.raw.allowHalfOpen = true;
    this.#owners.set(socket, connection);
    socket.on('error', (error) => {
      connection.noteClientError(error);
    });
    socket.on('end', () => answerFin(connection));
    const { cutAfterHandshake } = this.#admissions.get(connection) ?? {};
    // In TLS 1.2 our own Finished closes the handshake, and it has yet to be sent.
    if (cutAfterHandshake) attempt(connection, () => handedToKernel(connection).then(cutAfterHandshake));
    // OpenSSL is still inside a read, and a connection destroyed in there, by whoever hears of it, is a crash.
    else setImmediate(() => attempt(connection, () => this.#speakHttp(connection, socket)));
  }

  #speakHttp(connection: Connection, socket: TLSSocket): void {
    if (socket.destroyed) return;
    const protocol = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    connection.protocol = protocol;
    const tlsVersion = socket.getProtocol() ?? '';
    connection.introduce({ type: 'connection.secured', protocol, tls: tlsVersion, cipher: socket.getCipher().name });
    if (protocol === 'http/1.1') {
      takeOverEnd(connection, socket);
      this.#http1.emit('connection', socket);
      return;
    }
    const plan: SessionPlan = {};
    const facts = { connection: connection.id, protocol } as const;
    const struckBy = this.#storage ? [] : this.#lane.strike('session', facts, { plan });
    serveHttp2(connection, socket, this.#handle, { plan, cause: struckBy.join(', ') });
  }

  #ownerOf(socket: TLSSocket): Connection | undefined {
    // Node keeps the socket that a TLSSocket was built on in `_parent`; a Duplex hangs in a wrap of the handle.
    const { _parent, _handle } = socket as TLSSocket & {
      readonly _parent?: Socket | null;
      readonly _handle?: { readonly _parentWrap?: { readonly stream?: Duplex } } | null;
    };
    const base = _parent ?? _handle?._parentWrap?.stream;
    return base && this.#owners.get(base);
  }

  /** Puts a boundary around the listeners of a server, for what is not yet known to belong to a connection. */
  #guardEvents(server: EventEmitter): void {
    server.emit = boundEmit(this.#noteBug);
  }

  readonly #noteBug = (error: unknown): void => this.#lane.journal.bug(error);
}

/** Closes our side once the client has closed its own. On HTTP/1.1 it may still wait for an answer: Node's server knows. */
function answerFin(connection: Connection): void {
  connection.noteClientEnd();
  if (connection.half) connection.raw.destroySoon();
  else if (connection.protocol !== 'http/1.1' || connection.hanging > 0) (connection.tls ?? connection.raw).end();
}
