import type { JournalEvent } from '../journal.ts';
import type { Call } from './calls.ts';
import type { Client, Connection, Request } from './evidence.ts';

/** A failure of a connection, and how the client came back from it. */
export interface Comeback {
  readonly failed: JournalEvent<'connection.ended'>;
  /** The first sign of the next attempt: a new connection, or the call again on another one. */
  readonly attempt: JournalEvent<'connection.opened' | 'request.received'>;
  /** How many times in a row it has failed by now, from 1. */
  readonly streak: number;
}

interface Pending {
  readonly failed: JournalEvent<'connection.ended'>;
  readonly streak: number;
  /** What the client was about; absent where the connection ended before its first request. */
  readonly call: Call | undefined;
}

type Step =
  | { readonly seq: number; readonly kind: 'opened'; readonly connection: Connection }
  | { readonly seq: number; readonly kind: 'received'; readonly request: Request; readonly call: Call }
  | { readonly seq: number; readonly kind: 'ended'; readonly connection: Connection };

/** The rules that strike who says nothing. */
const SILENCE = ['idle', 'heartbeat', 'handshake', 'fin'];

/** Whether a connection was cut before its client could ask for anything. One that it left silent is missed by nobody. */
export const isCutAtStart = ({ requests, ended }: Connection): boolean =>
  requests.length === 0 &&
  ended !== undefined &&
  isCutOff(ended) &&
  !(ended.by === 'rule' && SILENCE.includes(ended.cause ?? ''));

/** Whether the service, by a rule or a fault, cut a connection that its client still wanted. */
const isCutOff = ({ by, how }: JournalEvent<'connection.ended'>): boolean =>
  ['rule', 'fault', 'admin', 'server', 'upstream'].includes(by) && how !== 'goaway';

/**
 * Pairs each failure of a client's connections with its next attempt. What failed is a call that was cut with its connection,
 * or a connection that never got to its first request; one that is cut for its silence fails nobody. The next attempt at a call
 * is its next request or the connection opened for it. A connection that dies before its first request counts for whoever has
 * waited longest; so does one that is opened while the client has no other, whatever it is used for.
 */
export function findComebacks(client: Client): readonly Comeback[] {
  const callOf = new Map<Request, Call>();
  for (const call of client.calls) for (const attempt of call.attempts) callOf.set(attempt, call);
  const comebacks: Comeback[] = [];
  const waiting: Pending[] = [];
  /** What a call, or a connection that nobody has used yet, has behind it. */
  const open = new Set<Connection>();
  const streaks = new Map<Call | Connection, { readonly streak: number; readonly call: Call | undefined }>();

  const take = (pending: Pending | undefined, attempt: Comeback['attempt']) => {
    if (!pending) return undefined;
    waiting.splice(waiting.indexOf(pending), 1);
    comebacks.push({ failed: pending.failed, attempt, streak: pending.streak });
    return pending;
  };

  for (const step of stepsOf(client, callOf)) {
    switch (step.kind) {
      case 'opened': {
        const { opened, requests } = step.connection;
        const [first] = requests;
        const wanted = first && callOf.get(first);
        const any = !first || open.size === 0;
        const own = waiting.find(({ call }) => call === undefined || call === wanted);
        const pending = own ?? (any ? waiting[0] : undefined);
        open.add(step.connection);
        const taken = opened && take(pending, opened);
        if (taken) streaks.set(wanted ?? step.connection, { streak: taken.streak, call: taken.call });
        break;
      }
      case 'received': {
        const pending = waiting.find(({ call }) => call === step.call);
        const taken = take(pending, step.request.received);
        if (taken) streaks.set(step.call, { streak: taken.streak, call: step.call });
        break;
      }
      case 'ended': {
        open.delete(step.connection);
        const failed = step.connection.ended;
        if (!failed || !isCutOff(failed)) break;
        if (isCutAtStart(step.connection)) {
          const { streak = 0, call } = streaks.get(step.connection) ?? {};
          waiting.push({ failed, streak: streak + 1, call });
        }
        for (const request of step.connection.requests) {
          const call = callOf.get(request);
          if (!call || !failed.requests.some((open) => open.request === request.received.request)) continue;
          waiting.push({ failed, streak: (streaks.get(call)?.streak ?? 0) + 1, call });
        }
      }
    }
  }
  return comebacks;
}

/** A client's doings in the order of the journal. */
function stepsOf({ connections }: Client, callOf: ReadonlyMap<Request, Call>): readonly Step[] {
  const steps: Step[] = [];
  for (const connection of connections) {
    const { opened, ended, requests } = connection;
    if (opened) steps.push({ seq: opened.seq, kind: 'opened', connection });
    for (const request of requests) {
      const call = callOf.get(request);
      if (call) steps.push({ seq: request.received.seq, kind: 'received', request, call });
    }
    if (ended) steps.push({ seq: ended.seq, kind: 'ended', connection });
  }
  return steps.sort((a, b) => a.seq - b.seq);
}
