import http2, { type ClientHttp2Session } from 'node:http2';
import net, { type Socket } from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { leaveOpenSsl } from '../typescript/support/sockets.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import type { Dice } from './dice.ts';

/** How long clients stay once they are connected, in real time. Most are in a hurry. */
const MAX_HURRY_MS = 150;
const MAX_PATIENCE_MS = 1_500;
const PATIENT = 0.25;
/** How long they wait for that. */
const CONNECT_LIMIT_MS = 2_000;
/** Loopback addresses that clients come from, so that their ports do not run out. */
const MAX_SOURCE = 250;

/** A way into the mock: the main lane, or another by its port, its name or its key. */
export interface Entrance {
  readonly port: number;
  readonly serverName: string;
  /** Go with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What clients have seen of the lane. */
  readonly known: Known;
}

/** Paths of tasks and videos of a lane, the latest last. */
export interface Known {
  readonly tasks: string[];
  readonly videos: string[];
}

/** What all clients know of the mock. */
export interface Grounds {
  readonly ca: string;
  /** Changes while lanes come and go. */
  entrances: readonly Entrance[];
  /** Which client came from an address and port. */
  readonly clients: Map<string, string>;
  /** What TLS is set up with, by version: making one takes as long as a handshake. */
  readonly contexts: Map<string | undefined, SecureContext>;
}

/** What a client offers in its ClientHello. */
export interface Offer {
  /** Left out: no ALPN. */
  readonly alpn?: readonly string[];
  readonly version?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

/** One client's stay: its connections, and its patience. All that it opened is gone once it has left. */
export class Visit {
  readonly name: string;
  readonly dice: Dice;
  readonly grounds: Grounds;
  readonly entrance: Entrance;
  /** Whether it has lost patience, or the run is over. */
  over = false;
  readonly #sockets: Socket[] = [];
  /** What is stacked on them. */
  readonly #secure = new Map<Socket, TLSSocket>();
  readonly #sessions: ClientHttp2Session[] = [];
  readonly #patience: Promise<undefined>;
  readonly #patienceMs: number;
  #timer: NodeJS.Timeout;
  #served = false;
  #lose: () => void = () => {};

  /** @param patienceMs left out: mostly short */
  constructor(name: string, dice: Dice, grounds: Grounds, patienceMs = drawPatienceMs(dice)) {
    this.name = name;
    this.dice = dice;
    this.grounds = grounds;
    this.entrance = dice.pick(grounds.entrances);
    this.#patienceMs = patienceMs;
    this.#patience = new Promise((resolve) => {
      this.#lose = () => resolve(undefined);
    });
    this.#timer = setTimeout(() => this.hurry(), Math.max(CONNECT_LIMIT_MS, patienceMs));
  }

  /** Resolves with what a promise does, or undefined once the patience is over. */
  within<T>(promise: Promise<T>): Promise<T | undefined> {
    return Promise.race([promise, this.#patience]);
  }

  /** Lets a moment pass: from none to many turns of the event loop, so that clients meet every state of a server. */
  async moment(): Promise<void> {
    const turns = this.dice.pick([0, 0, 1, 2, 5, this.dice.int(0, 60)]);
    for (let turn = 0; turn < turns && !this.over; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Stays until the patience is over, or every connection has been closed. */
  async linger(): Promise<void> {
    const closed = this.#sockets.filter(({ destroyed }) => !destroyed).map(closeOf);
    await this.within(Promise.all(closed));
  }

  /** @returns undefined when the mock refused the connection */
  async connect(): Promise<Socket | undefined> {
    if (this.over) return undefined;
    const localAddress = `127.0.0.${this.dice.int(1, MAX_SOURCE)}`;
    const target = { host: '127.0.0.1', port: this.entrance.port, localAddress };
    const raw = net.connect({ ...target, noDelay: true, allowHalfOpen: true });
    this.#sockets.push(raw);
    raw.on('error', ignore);
    const connected = new Promise<boolean>((resolve) =>
      raw.once('connect', () => resolve(true)).once('close', () => resolve(false)),
    );
    if (!(await this.within(connected))) return undefined;
    this.grounds.clients.set(`${raw.localAddress}:${raw.localPort}`, this.name);
    return raw;
  }

  /** Connects with TLS.
   * @returns undefined when the handshake came to nothing */
  async secure({ alpn, version }: Offer = {}, raw?: Socket): Promise<TLSSocket | undefined> {
    const socket = raw ?? (await this.connect());
    if (!socket || socket.destroyed) return undefined;
    const { serverName } = this.entrance;
    const secure = tls.connect({
      socket,
      secureContext: contextFor(this.grounds, version),
      servername: serverName,
      ...(alpn && { ALPNProtocols: [...alpn] }),
    });
    this.#secure.set(socket, secure);
    secure.on('error', ignore);
    const done = new Promise<boolean>((resolve) =>
      secure.once('secureConnect', () => resolve(true)).once('close', () => resolve(false)),
    );
    const secured = await this.within(done);
    await leaveOpenSsl();
    if (!secured || secure.destroyed) return undefined;
    this.startPatience();
    return secure;
  }

  /** From now on the patience counts: until then a busy machine would use it up. Only the first call does. */
  startPatience(): void {
    if (this.#served || this.over) return;
    this.#served = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hurry(), this.#patienceMs);
  }

  /** Connects with node:http2.
   * @returns undefined when it could not */
  async open(): Promise<ClientHttp2Session | undefined> {
    const socket = await this.secure({ alpn: ['h2'] });
    if (!socket) return undefined;
    const session = http2.connect(`https://localhost:${this.entrance.port}`, { createConnection: () => socket });
    session.on('error', ignore);
    this.#sessions.push(session);
    return session;
  }

  /** The socket below everything that was opened last. */
  get raw(): Socket | undefined {
    return this.#sockets.at(-1);
  }

  /** A path of the API: one that is there, was there, or never was. */
  path(): string {
    const { dice } = this;
    const { tasks, videos } = this.known;
    const known = [...tasks.slice(-5), ...videos.slice(-3)];
    const others = [TASKS, `${TASKS}?page_size=100`, `${TASKS}/cgt-20260101000000-aaaaa`, '/nowhere', '/api/v3/%ff'];
    return dice.pick(known.length > 0 && dice.chance(0.7) ? known : others);
  }

  /** A large answer, where one is known. */
  largePath(): string {
    const { videos } = this.known;
    return this.dice.pick(videos.length > 0 ? videos.slice(-5) : [`${TASKS}?page_size=500`]);
  }

  get known(): Known {
    return this.entrance.known;
  }

  get headers(): Record<string, string> {
    return { authorization: 'Bearer x', 'user-agent': this.name, ...this.entrance.headers };
  }

  /** Sends RST where that can be done, else closes; left out: the connection that was opened last. */
  reset(raw = this.raw): void {
    if (!raw) return;
    const secure = this.#secure.get(raw);
    // What is not connected yet would wait for that.
    if (raw.connecting || isFinishing(raw) || (secure && isFinishing(secure))) raw.destroy();
    else raw.resetAndDestroy();
  }

  /** Ends it with RST or FIN, without a word of TLS. */
  cut(): void {
    if (this.dice.chance()) this.reset();
    else this.raw?.end();
  }

  /** Ends the patience at once. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.over = true;
    this.#lose();
  }

  /** Ends all connections, each in its own way, and resolves once they are gone. */
  async leave(): Promise<void> {
    this.hurry();
    const closed = this.#sockets.filter(({ destroyed }) => !destroyed).map(closeOf);
    for (const session of this.#sessions) if (this.dice.chance()) session.destroy();
    for (const raw of this.#sockets) {
      if (this.dice.chance()) this.reset(raw);
      else raw.destroy();
    }
    for (const session of this.#sessions) session.destroy();
    await Promise.all(closed);
  }
}

const drawPatienceMs = (dice: Dice): number => dice.int(5, dice.chance(PATIENT) ? MAX_PATIENCE_MS : MAX_HURRY_MS);

function contextFor({ ca, contexts }: Grounds, version: Offer['version']): SecureContext {
  // OpenSSL itself refuses TLS 1.1 above this level.
  const only = version && { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
  const context = contexts.get(version) ?? tls.createSecureContext({ ca, ...only });
  contexts.set(version, context);
  return context;
}

const closeOf = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve());
  });

/** A FIN is on its way, and libuv refuses a reset: it would leave a handle that nothing can close. */
const isFinishing = ({ writableEnded, writableFinished }: Socket): boolean => writableEnded && !writableFinished;

/** Broken connections are the point. */
export const ignore = (): void => {};
