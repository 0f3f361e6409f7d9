import type { JournalEvent } from '../journal.ts';
import type { Attempt } from './calls.ts';
import type { ClientTime } from './client-time.ts';
import { Numbered } from './numbered.ts';
import { type Target, targetOf } from './paths.ts';
import type { Reading } from './reading.ts';

/** A connection, and what the journal has said of it so far. A class, so that it has all its fields from the
 * start: there are millions of reads, and objects that grow are slow. */
export class Connection {
  readonly id: number;
  opened?: JournalEvent<'connection.opened'>;
  /** It came to the storage port. */
  isStorage = false;
  hello?: JournalEvent<'connection.hello'>;
  secured?: JournalEvent<'connection.secured'>;
  ended?: JournalEvent<'connection.ended'>;
  userAgent?: string;
  /** Its client's, without the port. */
  address?: string;
  /** The name of the API key that its latest requests brought. */
  account?: string;
  /** How many requests came on it. */
  requests = 0;
  /** The first of them that was answered. */
  served?: JournalEvent<'request.received'>;
  /** Requests whose end is not settled yet, by number. */
  readonly open = new Numbered<Request>();
  /** The first GOAWAY that it was sent, and the last ones. */
  readonly goaways: JournalEvent<'goaway.sent'>[] = [];
  readonly beats: Beats = { count: 0, longestGapMs: 0, longestSureGapMs: 0 };
  /** Lane time at which it last carried something other than a PING. */
  busyAt = 0;
  /** A fault struck it. */
  struck?: true;
  /** From when and until when nothing of it passes, or it is not served, by a fault: in lane time. */
  silence?: { readonly fromMs: number; readonly untilMs: number };
  /** A fault showed it a certificate that its client must refuse. */
  badCertificate?: JournalEvent<'certificate.shown'>;
  /** A call on it failed or had an altered answer, or its client could not take what a fault made of it. */
  spoilt?: true;

  constructor(id: number) {
    this.id = id;
  }
}

/** The heartbeats of a connection, in the client's time. */
export interface Beats {
  count: number;
  last?: JournalEvent<'heartbeat'>;
  longestGapMs: number;
  /** The latest of which the time could not be read. */
  unreadable?: JournalEvent<'heartbeat'>;
  /** The latest of the others, and the longest gap without them. */
  lastSure?: JournalEvent<'heartbeat'>;
  longestSureGapMs: number;
  /** How far the client's clock is off at most; below 0 it is ahead. */
  skewMs?: number;
  /** The heartbeat rule struck. */
  ruled?: JournalEvent<'rule.applied'>;
}

/** What ended a request without a whole answer. */
export type Cut = JournalEvent<'response.abandoned' | 'stream.reset' | 'connection.ended'>;

const NOBODYS: readonly Reading[] = [];

/** A request and what became of it. A class, as `Connection` is. */
export class Request {
  readonly connection: Connection;
  readonly received: JournalEvent<'request.received'>;
  readonly target: Target;
  /** The task that a Get asks for. */
  readonly asked: string | undefined;
  /** Its number on its connection. */
  readonly number: number;
  /** It asks for a task to be made. */
  readonly isCreate: boolean;
  /** Its method and its path. */
  readonly place: string;
  /** What a limit of the service counts together with it. */
  readonly kind: string;
  /** The name of the API key, where that is known. */
  readonly account?: string | undefined;
  body?: JournalEvent<'request.body'>;
  answer?: JournalEvent<'response.sent'>;
  cut?: Cut;
  /** The task that it created. */
  task?: JournalEvent<'task.created'>;
  /** A fault struck it. */
  struck?: true;
  /** A fault withheld its answer, until its client left or for good. */
  withheld?: true;
  /** A fault kept back the WINDOW_UPDATE that the rest of its body needs. */
  starved?: true;
  /** A fault altered a frame of its answer. */
  tampered?: true;
  /** Its body is still to come, though it may have been answered. */
  isEarly = false;
  /** When it ended, in the client's time. */
  endedAt = Number.NaN;
  /** When it ended, there was reason to repeat it. To look at its events again two seconds later costs more than all else. */
  endedBadly = false;
  /** What it is an attempt at, in each reading in which more is known of that than that it is one. */
  attempt: Attempt | undefined;
  /** All of whose it is in some reading, from the moment on at which its body, if it has one, has been read. */
  readings: readonly Reading[] = NOBODYS;
  /** The same, where it names another client than the first on its connection. */
  foreign: readonly Reading[] | undefined;

  constructor(connection: Connection, received: JournalEvent<'request.received'>) {
    const { method, path } = received;
    this.connection = connection;
    this.received = received;
    this.number = received.request;
    this.target = targetOf(path);
    this.isCreate = method === 'POST' && this.target.isTasks;
    this.asked = method === 'GET' ? this.target.task : undefined;
    const { key, kind } = this.target.asked(method);
    this.place = key;
    this.kind = kind;
    this.account = connection.account;
  }
}

/** Whether a request brings a body, by which its call is known. */
export const bringsBody = (method: string): boolean => WITH_BODY.has(method);

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Statuses that invite a client to try again: it was late, too early, too much, or not the client's fault. */
const RETRIABLE = [408, 425, 429, 500, 502, 503, 504];

export const isRefusal = ({ status }: JournalEvent<'response.sent'>): boolean => RETRIABLE.includes(status);

/** Whether the client itself ended a request before its end, by its stream or with its connection. */
export function isLeft({ cut }: Request): boolean {
  if (cut === undefined) return false;
  return cut.type === 'stream.reset' || cut.by === 'client';
}

/** Whether a fault was at work on a request, or on its connection. */
export const isStruck = ({ struck, withheld, connection }: Request): boolean =>
  struck === true || withheld === true || connection.struck === true;

/** Whether the answer to a request was sent whole, and could be read: one that the client resets behind its last byte was, unless
 * a fault on the connection may have held its bytes. */
export const isWhole = (request: Request): boolean =>
  request.answer !== undefined &&
  !isUnreadable(request) &&
  (request.cut === undefined || (isLeft(request) && !request.connection.struck));

/** Whether a fault took an answer that went out: it was lost on its way, or it is not what it says. */
const isUnreadable = ({ answer, withheld }: Request): boolean =>
  answer !== undefined && (withheld === true || answer.unreadable === true);

/**
 * Whether a client has reason to repeat a request: its answer did not come whole, or asked for that. What the client gave up
 * itself has failed only if a fault was at work: a poll that nobody wants any more has not.
 */
export function hasFailed(request: Request): boolean {
  const { answer, cut } = request;
  if (isWhole(request)) return answer !== undefined && isRefusal(answer);
  if (isUnreadable(request)) return true;
  if (cut === undefined) return false;
  return !isLeft(request) || isStruck(request);
}

/** Whether nothing of a connection passed at a moment, by a fault. */
export const isSilent = ({ silence }: Connection, { at }: { readonly at: number }): boolean =>
  silence !== undefined && silence.fromMs <= at && at < silence.untilMs;

/** Whether a client left a connection on which a fault answered nothing, before it could ask for anything. */
export const isLeftSilent = (connection: Connection): boolean => {
  const { requests, opened, ended } = connection;
  return (
    requests === 0 &&
    opened !== undefined &&
    ended !== undefined &&
    ended.by === 'client' &&
    isSilent(connection, ended)
  );
};

/** Whether a client may send a request again: it has failed, or a fault altered the answer, of which nobody can say whether the
 * client could read it. */
export const mayRepeat = (request: Request): boolean =>
  hasFailed(request) || request.answer?.altered === true || request.tampered === true;

/** The same, of a request that has ended. */
export const mayStillRepeat = (request: Request): boolean =>
  (request.endedBadly || request.withheld === true || request.tampered === true) && mayRepeat(request);

/** Whether the rest of a request's body could not be sent. */
export const isStarved = ({ starved, body }: Request): boolean => starved === true && body === undefined;

/** When a request was over, one way or the other. */
export const endOf = ({ answer, cut }: Request): Cut | JournalEvent<'response.sent'> | undefined => cut ?? answer;

/** Whether a receiver took a callback. */
export const isAcknowledged = ({ code }: JournalEvent<'callback.answered'>): boolean => Math.floor(code / 100) === 2;

/** `127.0.0.1:443` and `::1:443` without the port. */
export function addressOf(connection: Connection): string {
  if (connection.address !== undefined) return connection.address;
  const remote = connection.opened?.remote ?? connection.ended?.remote;
  if (remote === undefined) return '';
  connection.address = remote.slice(0, Math.max(0, remote.lastIndexOf(':')));
  return connection.address;
}

/** The rules that strike a client that says nothing. */
const SILENCE = ['idle', 'heartbeat', 'handshake', 'fin'];

/** Whether the service, by a rule or a fault, cut a connection that its client still wanted. */
export const isCutOff = ({ by, how }: JournalEvent<'connection.ended'>): boolean =>
  ['rule', 'fault', 'admin', 'server', 'upstream', 'network'].includes(by) && how !== 'goaway';

/** Whether a rule cut a connection for its silence, and in the client's time it was too soon: the lane's clock ran ahead. */
export const isHurriedOff = ({ ended }: Connection, time: ClientTime): boolean =>
  ended?.by === 'rule' && SILENCE.includes(ended.cause ?? '') && time.isHurried(ended);

/** Whether a connection was cut before its client could ask for anything. One that it left silent it does not miss. One that
 * was opened before the run may have been used by then. */
export const isCutAtStart = ({ requests, opened, ended }: Connection): boolean =>
  requests === 0 &&
  opened !== undefined &&
  ended !== undefined &&
  isCutOff(ended) &&
  !(ended.by === 'rule' && SILENCE.includes(ended.cause ?? ''));
