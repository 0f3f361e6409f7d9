import type { EventType, Journal, JournalEvent } from '../journal.ts';
import { type Call, groupCalls } from './calls.ts';
import { ClientTime } from './client-time.ts';
import { type Client, tellApart } from './clients.ts';

/** A connection with all that the journal says of it. */
export interface Connection {
  readonly id: number;
  opened?: JournalEvent<'connection.opened'>;
  hello?: JournalEvent<'connection.hello'>;
  secured?: JournalEvent<'connection.secured'>;
  ended?: JournalEvent<'connection.ended'>;
  userAgent?: string;
  readonly requests: Request[];
  readonly heartbeats: JournalEvent<'heartbeat'>[];
  readonly goaways: JournalEvent<'goaway.sent'>[];
  readonly lateStreams: JournalEvent<'stream.late'>[];
}

/** What ended a request without a whole answer. */
export type Cut = JournalEvent<'response.abandoned' | 'stream.reset' | 'connection.ended'>;

/** A request and what became of it. */
export interface Request {
  readonly connection: Connection;
  readonly received: JournalEvent<'request.received'>;
  body?: JournalEvent<'request.body'>;
  answer?: JournalEvent<'response.sent'>;
  cut?: Cut;
  /** The task that it created. */
  task?: JournalEvent<'task.created'>;
}

/** A run, sorted out from its journal: connections, the clients behind them, and the calls that these made. */
export interface Evidence {
  readonly clients: readonly Client[];
  readonly connections: ReadonlyMap<number, Connection>;
  readonly time: ClientTime;
  /** The newest event, and the moment of judging: up to then the run is known, and what is open was open. */
  readonly latest: { readonly seq: number; readonly at: number };
  /** Events that had to make room before they could be looked at. */
  readonly missed: number;
  /** The events of one type, in order. */
  readonly of: <T extends EventType>(type: T) => readonly JournalEvent<T>[];
}

export type { Call, Client };

/** Sorts out what a journal says since its scenario was loaded, or started over, for the last time. */
export function gatherEvidence(journal: Journal): Evidence {
  const all = journal.events();
  const start = all.findLastIndex(({ type }) => type === 'scenario.loaded' || type === 'lane.reset');
  const events = start < 0 ? all : all.slice(start);
  // Sorted once: a check may ask for each connection anew.
  const byType = Map.groupBy(events, ({ type }) => type);
  const of = <T extends EventType>(type: T) =>
    byType.get(type)?.filter((event): event is JournalEvent<T> => event.type === type) ?? [];
  const connections = readConnections(events);
  const changes = all.filter((event) => event.type === 'clock.changed');
  const time = new ClientTime(changes, all[0]?.at ?? 0);
  const clients = tellApart([...connections.values()]).map((client) => ({
    ...client,
    calls: groupCalls(client.connections, time),
  }));
  return {
    clients,
    connections,
    time,
    latest: { seq: journal.seq, at: journal.nowMs },
    missed: start < 0 ? journal.dropped : 0,
    of,
  };
}

function readConnections(events: readonly JournalEvent[]): ReadonlyMap<number, Connection> {
  const connections = new Map<number, Connection>();
  const requests = new Map<string, Request>();
  // One that was opened before the scenario was loaded is known by what it does.
  const find = (id: number): Connection => {
    const known = connections.get(id);
    if (known) return known;
    const found: Connection = { id, requests: [], heartbeats: [], goaways: [], lateStreams: [] };
    connections.set(id, found);
    return found;
  };
  const request = ({ connection, request: id }: { connection?: number; request?: number }) =>
    requests.get(`${connection}/${id}`);

  for (const event of events) {
    switch (event.type) {
      case 'connection.opened':
        find(event.connection).opened = event;
        break;
      case 'connection.hello':
        find(event.connection).hello = event;
        break;
      case 'connection.secured':
        find(event.connection).secured = event;
        break;
      case 'connection.handed-over':
        // What becomes of it is told in another lane's journal.
        connections.delete(event.connection);
        break;
      case 'connection.identified':
        find(event.connection).userAgent ??= event.userAgent;
        break;
      case 'heartbeat':
        find(event.connection).heartbeats.push(event);
        break;
      case 'goaway.sent':
        find(event.connection).goaways.push(event);
        break;
      case 'stream.late':
        find(event.connection).lateStreams.push(event);
        break;
      case 'request.received': {
        const received: Request = { connection: find(event.connection), received: event };
        received.connection.requests.push(received);
        requests.set(`${event.connection}/${event.request}`, received);
        break;
      }
      case 'request.body':
        note(request(event), { body: event });
        break;
      case 'task.created':
        note(request(event), { task: event });
        break;
      case 'response.sent':
        note(request(event), { answer: event });
        break;
      case 'response.abandoned':
      case 'stream.reset':
        note(request(event), { cut: event });
        break;
      case 'connection.ended':
        find(event.connection).ended = event;
        for (const open of event.requests) note(request({ ...open, connection: event.connection }), { cut: event });
        break;
    }
  }
  return connections;
}

/** What is told first of a request stays. */
function note(request: Request | undefined, news: Partial<Pick<Request, 'body' | 'task' | 'answer' | 'cut'>>): void {
  if (request) Object.assign(request, { ...news, ...request });
}

/** Statuses that invite a client to try again: it was late, too early, too much, or not the client's fault. */
const RETRIABLE = [408, 425, 429, 500, 502, 503, 504];

/** Whether a client has reason to repeat a request: its answer did not come whole, or asked for that. */
export const hasFailed = ({ answer, cut }: Request): boolean =>
  cut !== undefined || (answer !== undefined && RETRIABLE.includes(answer.status));

/** Whether a receiver took a callback. */
export const isAcknowledged = ({ code }: JournalEvent<'callback.answered'>): boolean => Math.floor(code / 100) === 2;

/** When a request was over, one way or the other. */
export const endOf = ({ answer, cut }: Request): Cut | JournalEvent<'response.sent'> | undefined => cut ?? answer;
