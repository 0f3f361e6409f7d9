import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Identifier, nameKey } from '../clients/identity.ts';
import { monotonicNow } from '../clock.ts';
import type { ErrorCode } from '../faults/error-codes.ts';
import type { FrameReach } from '../faults/fault.ts';
import { MAX_STREAM_ID } from '../faults/frame-types.ts';
import type { ConnectionNews, EndedBy, EndedHow, JournalEntry, LeftRequest, Trace } from '../journal.ts';
import type { Lane } from '../lane.ts';
import type { Directory } from './directory.ts';
import type { Exchange } from './exchange.ts';
import type { FrameTap } from './frame-tap.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { snapshotOf } from './trace.ts';

/** Why a connection or a response ends: who wants it, and the rule or fault by name. */
export interface Reason {
  readonly by: EndedBy;
  readonly cause?: string;
  /** Of a breach of the protocol. */
  readonly code?: string | undefined;
  readonly explanation?: string;
}

/** What a client did to its side of the connection, as far as we saw it. */
interface ClientEnd {
  fin: boolean;
  goaway: boolean;
  /** Whether calls had no answer yet at the first of the two. */
  amidCalls: boolean;
  error: NodeJS.ErrnoException | undefined;
}

/** A connection as one lane knows it: each lane numbers its own. */
export interface Seat {
  readonly lane: Lane;
  readonly id: number;
  readonly identifier: Identifier;
  /** The client of the latest request that showed it. */
  client: string | undefined;
  /** The name of its API key then. */
  account: string | undefined;
}

/** What a connection has of the port that it came to. */
export interface ConnectionSetting {
  readonly directory?: Directory | undefined;
  readonly storage?: boolean;
}

/** One TCP connection, from accept to its end. The raw socket stays in our hands, whatever is stacked on it. It belongs to the lane
 * whose rules it follows; other lanes may have calls on it, and know of it what concerns them. */
export class Connection implements Seat {
  readonly id: number;
  readonly lane: Lane;
  readonly raw: Socket;
  readonly remote: string;
  /** Whether it came to the storage port: the Ark rules do not apply there. */
  readonly storage: boolean;
  readonly openedAt: number;
  /** When it was let in: later than it was opened, where it had to wait. */
  servedAt: number;
  readonly identifier = new Identifier();
  client: string | undefined;
  account: string | undefined;
  readonly exchanges = new OpenExchanges();
  readonly clientEnd: ClientEnd = { fin: false, goaway: false, amidCalls: false, error: undefined };
  tls: TLSSocket | undefined;
  session: Http2Session | undefined;
  /** Between `tls` and `session`, where a fault needs it. */
  tap: FrameTap | undefined;
  /** The highest stream that a GOAWAY of ours admits; those above are not answered (RFC 9113, section 6.8). */
  lastStreamId = MAX_STREAM_ID;
  /** The first of the two GOAWAYs of a graceful drain was sent. */
  warned = false;
  protocol: 'h2' | 'http/1.1' | undefined;
  /** What of its ClientHello identifies the client. */
  print: string | undefined;
  /** Lane time at which a byte was last seen to pass, in either direction. */
  lastTrafficAt: number;
  /** Lane time of the latest heartbeat, as judged by the heartbeat rule; the count starts when the connection opens. */
  heartbeatAt: number;
  /** A hang is meant to outlast the client's patience, so no rule ends a connection while one is on. */
  hanging = 0;
  requestsSeen = 0;
  /** What the latest call that had a trace context brought. */
  latestTrace: Trace | undefined;
  /** What was decided at the ClientHello for the moment at which the handshake is done. */
  onceSecured: (() => void) | undefined;
  /** What stands between the raw socket and TLS, where the plan asks for it. */
  transport: { drained(): Promise<void> } | undefined;
  /** The `emit` of all its emitters (`boundary.ts`). */
  boundEmit: EventEmitter['emit'] | undefined;
  /** A reset waits for the client to acknowledge our SETTINGS. */
  resetting = false;
  /** It ends once its calls have ended. */
  draining = false;
  /** The call whose end is waited for, to send FIN behind the last. */
  awaited: Exchange | undefined;
  /** Our side was closed below TLS: answers are still made, and arrive nowhere. */
  muted = false;
  /** Set once we want to send our FIN: why, and the lane time at which it was sent; infinite until it is. */
  half: { readonly at: number; readonly how: EndedHow; readonly reason: Reason } | undefined;
  /** A fault kept frames of the client from our HTTP/2, which may take what follows for a breach. */
  misread: Reason | undefined;
  /** Why we sent a GOAWAY, once we have. */
  sentAway: Reason | undefined;
  #account: { readonly authorization: string; readonly name: string } | undefined;
  #url = '';
  #openAtError: readonly Exchange[] | undefined;
  readonly #directory: Directory | undefined;
  /** The lanes that have calls on it, beside its own. */
  readonly #guests = new Map<Lane, Seat>();
  /** What a lane has to know that comes to it later. */
  readonly #told: ConnectionNews[] = [];
  #bytesSeen = 0;
  #lookedAtMs = 0;
  /** Monotonic. */
  #settingsSentAt = 0;
  #ended = false;

  /** @param directory finds the lanes that calls on it are meant for, where there are several */
  constructor(lane: Lane, raw: Socket, { directory, storage = false }: ConnectionSetting = {}) {
    this.storage = storage;
    this.id = lane.numberConnection();
    this.lane = lane;
    this.raw = raw;
    this.#directory = directory;
    // A client that has reset the connection before it was accepted has no address any more.
    this.remote = raw.remoteAddress === undefined ? 'unknown' : `${raw.remoteAddress}:${raw.remotePort}`;
    this.openedAt = this.servedAt = this.lastTrafficAt = this.heartbeatAt = lane.clock.now();
    this.introduce({ type: 'connection.opened', remote: this.remote, ...(storage && { storage }) });
  }

  /** Which lane a call is meant for, as that lane knows this connection. */
  seatFor(headers: IncomingHttpHeaders, url: string): Seat {
    const lane = this.#directory?.laneOf(headers, url);
    if (lane === undefined || lane === this.lane) return this;
    const known = this.#guests.get(lane);
    if (known) return known;
    const seat = {
      lane,
      id: lane.numberConnection(),
      identifier: new Identifier(),
      client: undefined,
      account: undefined,
    };
    this.#guests.set(lane, seat);
    for (const news of this.#told) noteAt(seat, news);
    return seat;
  }

  /** Ends what a lane that is over has here. */
  dismiss(lane: Lane): void {
    if (!this.#guests.delete(lane)) return;
    for (const exchange of this.exchanges) {
      if (exchange.seat.lane !== lane) continue;
      exchange.abandoned = true;
      exchange.resetStream(CANCEL, { by: 'shutdown' });
    }
  }

  /** Writes an event into the journal of each lane that has to do with this connection. */
  note(news: ConnectionNews): void {
    noteAt(this, news);
    for (const seat of this.#guests.values()) noteAt(seat, news);
  }

  /** The same for what a lane must know that comes later. */
  introduce(news: ConnectionNews): void {
    this.note(news);
    if (!this.#directory) return;
    const at = this.#told.findIndex(({ type }) => type === news.type);
    this.#told[at < 0 ? this.#told.length : at] = news;
  }

  /** Hands the connection to another lane, whose own it becomes: this one has no more to do with it. */
  recordHandover(to: string): void {
    this.#ended = true;
    this.note({ type: 'connection.handed-over', to });
  }

  /** The name of the account that a call counts for: its API key, else the address. */
  accountOf(authorization: string | undefined): string {
    if (authorization === undefined) return this.raw.remoteAddress ?? '';
    if (this.#account?.authorization !== authorization) this.#account = { authorization, name: nameKey(authorization) };
    return this.#account.name;
  }

  /** The string to keep for a URL: the same one for as long as the client repeats it, as a client that polls does. What Node
   * hands out is a buffer of nghttp2's in disguise, dear to the garbage collector when the journal keeps it. */
  keepUrl(url: string): string {
    if (url !== this.#url) this.#url = url;
    return this.#url;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get frames(): FrameReach {
    if (this.protocol !== 'h2') return undefined;
    return this.tap ? 'in-reach' : 'out-of-reach';
  }

  get openRequests(): readonly LeftRequest[] {
    return [...this.exchanges].map((exchange) => exchange.describe());
  }

  /** The calls that are open now, or were when the client broke the connection. */
  get openNow(): readonly Exchange[] {
    return this.#openAtError ?? [...this.exchanges];
  }

  /** Notes that HTTP/2 settings are being sent. */
  noteSettingsSent(): void {
    this.#settingsSentAt = monotonicNow();
  }

  /** How long the client may still take to acknowledge our settings, in real milliseconds; 0 once it has, or never will. */
  get settingsAckDueMs(): number {
    if (!this.session || this.session.destroyed || !this.session.pendingSettingsAck) return 0;
    return Math.max(0, this.#settingsSentAt + SETTINGS_ACK_LIMIT_MS - monotonicNow());
  }

  /** Bytes that wait in this process because the kernel takes no more for now. */
  get unsentBytes(): number {
    const { _handle: handle } = this.raw as RawSocket;
    return (this.tls?.writableLength ?? 0) + this.raw.writableLength + (handle?.writeQueueSize ?? 0);
  }

  /** Starts what the service's rules count: it has known nothing of the connection before. */
  startServing(): void {
    this.servedAt = this.lastTrafficAt = this.heartbeatAt = this.lane.clock.now();
  }

  /** Notes bytes that passed since the last look: any frame or byte in either direction is traffic (reference, rule A5). */
  observeTraffic(nowMs: number): void {
    const bytes = this.raw.bytesRead + this.raw.bytesWritten;
    if (bytes === this.#bytesSeen) return;
    this.#bytesSeen = bytes;
    this.lastTrafficAt = nowMs;
  }

  /** Keeps the way open for the client's FIN: after GOAWAY nghttp2 wants nothing more, and Node stops reading for good. */
  listenForFin(): void {
    (this.tls as (TLSSocket & { readonly _handle?: { readStart(): number } | null }) | undefined)?._handle?.readStart();
  }

  /** Whether the client is gone. When a write meets its reset, Node drops the news, and the next read sees a plain end; but
   * the kernel forgets the peer of a connection that is over. */
  get gone(): boolean {
    const { _handle: handle } = this.raw as RawSocket;
    return handle != null && handle.getpeername({}) !== 0;
  }

  /** The same, asked at most once a second of lane time for a connection that is quiet: it is a system call. */
  goneWhileQuiet(nowMs: number): boolean {
    if (nowMs - Math.max(this.lastTrafficAt, this.#lookedAtMs) < QUIET_MS) return false;
    this.#lookedAtMs = nowMs;
    return this.gone;
  }

  /** Whether we have closed our side, or are about to: a client that then closes its own is gone without a reset. */
  get #finished(): boolean {
    return this.raw.writableEnded || this.tls?.writableEnded === true || this.session?.destroyed === true;
  }

  /** Notes that our FIN is with the kernel: from now on the client's own is awaited. */
  noteFinSent(): void {
    if (this.half?.at === Number.POSITIVE_INFINITY) this.half = { ...this.half, at: this.lane.clock.now() };
  }

  /** Notes that the client closed its side, or that it has gone altogether. */
  noteClientEnd(): void {
    if (this.clientEnd.fin) return;
    if (this.#finished || !this.gone) this.#noteLeaving({ fin: true });
    else this.noteClientError(Object.assign(new Error('The client reset the connection.'), { code: 'ECONNRESET' }));
  }

  /** Notes that the client sent a GOAWAY. Behind one with an error code Node gives up the open streams. */
  noteClientGoaway(code: number): void {
    this.#noteLeaving({ goaway: true });
    if (code !== 0) this.#openAtError ??= [...this.exchanges];
  }

  #noteLeaving(end: Partial<ClientEnd>): void {
    const { fin, goaway, amidCalls } = this.clientEnd;
    const first = !fin && !goaway;
    Object.assign(this.clientEnd, end, {
      amidCalls: first ? this.openNow.some(({ writableEnded }) => !writableEnded) : amidCalls,
    });
  }

  /** Notes how the client broke the connection; only the first word counts. Node gives up the open streams next. */
  noteClientError(error: NodeJS.ErrnoException): void {
    if (this.clientEnd.error) return;
    this.clientEnd.error = error;
    this.#openAtError = [...this.exchanges];
  }

  /** Notes that HTTP/2 failed: the client broke its rules, or the socket is gone. */
  noteSessionError(error: NodeJS.ErrnoException): void {
    // A GOAWAY with an error code is an error to Node, and still a GOAWAY.
    if (this.clientEnd.goaway && error.code === 'ERR_HTTP2_SESSION_ERROR') return;
    this.noteClientError(error);
  }

  /** Writes the one event that every connection's end has. Only the first call counts.
   * @param open the calls that its end leaves open */
  recordEnd(how: EndedHow, reason: Reason, open = this.openNow): void {
    if (this.#ended) return;
    this.#ended = true;
    const now = this.lane.clock.now();
    // What arrives while a reset waits, such as the acknowledgement that it waits for, is not what it was decided on.
    if (!this.resetting) this.observeTraffic(now);
    const news = {
      type: 'connection.ended',
      remote: this.remote,
      by: reason.by,
      how,
      ...(reason.cause !== undefined && { cause: reason.cause }),
      ...(reason.code !== undefined && { code: reason.code }),
      ...(reason.explanation !== undefined && { explanation: reason.explanation }),
      idleMs: Math.round(now - this.lastTrafficAt),
      ageMs: Math.round(now - this.openedAt),
      ...(this.latestTrace && { trace: snapshotOf(this.latestTrace) }),
    } as const;
    for (const seat of [this, ...this.#guests.values()]) {
      const own = open.filter((exchange) => exchange.seat.lane === seat.lane);
      noteAt(seat, { ...news, requests: own.map((exchange) => exchange.describe()) });
    }
  }

  /** Tells whose doing the end of the socket was, once the socket is gone. */
  recordSocketClosed(): void {
    const { error, goaway, fin, amidCalls } = this.clientEnd;
    // A FIN that was yet to be sent when the client broke the connection has ended nothing.
    if (this.half && !(error && this.half.at === Number.POSITIVE_INFINITY))
      return this.recordEnd(this.half.how, this.half.reason);
    if (error) {
      const how = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'error';
      const reason = reasonOfError(error);
      return this.recordEnd(how, (reason.cause === 'protocol' && this.misread) || reason);
    }
    // Whom a GOAWAY of ours has sent away, and who leaves no call behind, has done as told.
    if (this.sentAway && !amidCalls) return this.recordEnd('goaway', this.sentAway);
    // Amid the handshake Node keeps the client's FIN to itself.
    this.recordEnd(goaway ? 'goaway' : fin || !this.tls ? 'fin' : 'error', { by: 'client' });
  }
}

/** What the kernel says of a client that it does not reach any more. */
const NETWORK_ERRORS: readonly string[] = [
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET'],
];

/** What nghttp2 found wrong, by its error numbers, as the code of RFC 9113, section 7. */
const BREACHES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [-505, 'PROTOCOL_ERROR'],
  [-510, 'STREAM_CLOSED'],
  [-522, 'FRAME_SIZE_ERROR'],
  [-523, 'COMPRESSION_ERROR'],
  [-524, 'FLOW_CONTROL_ERROR'],
  [-903, 'PROTOCOL_ERROR'],
  [-904, 'ENHANCE_YOUR_CALM'],
]);

/** Whose doing an error on a connection is. */
function reasonOfError({ code, errno = 0, message }: NodeJS.ErrnoException): Reason {
  if (code === undefined) return { by: 'client' };
  if (NETWORK_ERRORS.includes(code)) return { by: 'network', cause: code };
  if (code !== 'ERR_HTTP2_ERROR') return { by: 'client', cause: code };
  return { by: 'client', cause: 'protocol', code: BREACHES.get(errno) ?? 'PROTOCOL_ERROR', explanation: message };
}

/** RFC 9113, section 7. */
const CANCEL = 8;
/** Real time: more than a round trip to any client that answers at all. */
const SETTINGS_ACK_LIMIT_MS = 250;
/** How long nothing has to pass before we look whether the client is still there. */
const QUIET_MS = 1_000;

/** What a raw socket holds that TypeScript does not know of. */
type RawSocket = Socket & {
  readonly _handle?: { readonly writeQueueSize: number; getpeername(found: object): number } | null;
};

const noteAt = ({ lane, id }: Seat, news: ConnectionNews): void =>
  lane.journal.append({ connection: id, ...news } as JournalEntry);
