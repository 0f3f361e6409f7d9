import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration } from '../../scenario/duration.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Call, Client, Connection, Evidence, Request } from '../evidence.ts';

/** RFC 9113, section 6.8. */
export const goawayRespected = defineCheck({
  name: 'goaway-respected',
  summary: 'Opens no stream after a GOAWAY, and repeats elsewhere what the service never saw.',
  definition: `Of each connection that was sent a GOAWAY while it was open: a stream that the client opens later than \`grace\` after it is *new
stream* (what was on its way already is excused); a request above the last stream, or cut, that is not tried again on another connection
is *not repeated*, unless it was a create, which is better left alone; a request that was answered whole on the old connection and comes
again is *repeated needlessly*. Inconclusive without a GOAWAY to a client.`,
  params: z.strictObject({
    grace: duration().default(100).describe('What is opened so soon after may have been on its way.'),
  }),
  relies: ['frames'],
  expects: () => 'no new stream after GOAWAY, and unprocessed requests again on another connection',
  judgeClient(client, { grace }, { time }: Evidence) {
    const drained = client.connections.flatMap((connection) => drainOf(connection) ?? []);
    if (drained.length === 0) return inconclusive('it was sent no GOAWAY');
    const events = drained.map(({ goaway }) => goaway.seq);
    const late = drained.flatMap(({ connection, goaway }) =>
      openedOn(connection).filter((opened) => opened.seq > goaway.seq && time.between(goaway, opened) > grace),
    );
    if (late.length > 0)
      return fail(`opened ${many(late.length, 'stream')} on a connection after its GOAWAY`, {
        finding: 'new stream',
        hint: 'On GOAWAY take the connection out of the pool at once, and send what comes next over a new one.',
        events: [...events, ...late.map(({ seq }) => seq)],
      });
    const callOf = new Map(client.calls.flatMap((call) => call.attempts.map((attempt) => [attempt, call])));
    const owed = drained.flatMap((drain) => drain.connection.requests.filter((request) => isOwed(request, drain)));
    const lost = owed.filter((request) => !isRepeated(request, callOf.get(request), client));
    if (lost.length > 0)
      return fail(`did not repeat ${many(lost.length, 'request')} that GOAWAY had left unprocessed`, {
        finding: 'not repeated',
        hint: 'Streams above the last one in GOAWAY were never processed: send them again on a new connection.',
        events: [...events, ...lost.map(({ received }) => received.seq)],
      });
    const needless = drained.flatMap(({ connection, goaway }) =>
      connection.requests.filter((request) => isRepeatedAfter(goaway, request, callOf.get(request))),
    );
    if (needless.length > 0)
      return fail(`repeated ${many(needless.length, 'request')} that had been answered`, {
        finding: 'repeated needlessly',
        hint: 'Streams up to the last one in GOAWAY are still answered: wait for them.',
        events: [...events, ...needless.map(({ received }) => received.seq)],
      });
    return pass(
      `left ${many(drained.length, 'connection')} on GOAWAY, and repeated ${many(owed.length, 'request')} elsewhere`,
      { events },
    );
  },
});

interface Drain {
  readonly connection: Connection;
  /** The first: a graceful drain sends two. */
  readonly goaway: JournalEvent<'goaway.sent'>;
  /** Of the last GOAWAY; left out, the highest stream that had been seen. */
  readonly lastStreamId: number | undefined;
}

/** A GOAWAY that a client could still heed: at shutdown the last one says that nobody will answer any more. */
function drainOf(connection: Connection): Drain | undefined {
  const { goaways, ended } = connection;
  const heeded = ended?.by === 'shutdown' ? goaways.slice(0, -1) : goaways;
  const [goaway] = heeded;
  return goaway && { connection, goaway, lastStreamId: heeded.at(-1)?.lastStreamId };
}

/** The streams of a connection, each once: one that came too late may have been taken for a request all the same. */
function openedOn({ requests, lateStreams }: Connection) {
  const received = requests.map((request) => request.received);
  const known = new Set(received.map(({ stream }) => stream));
  return [...received, ...lateStreams.filter(({ stream }) => !known.has(stream))];
}

/** Methods that may be repeated without a doubt (RFC 9110, section 9.2.2). */
const isSafe = ({ received }: Request) => ['GET', 'HEAD', 'PUT', 'DELETE'].includes(received.method);

/** Whether a client still wants an answer that its connection does not give any more. A stream that it reset itself it has given up. */
function isOwed(request: Request, { goaway, lastStreamId = Number.POSITIVE_INFINITY }: Drain): boolean {
  const { received, answer, cut } = request;
  if (!isSafe(request) || (answer && !cut)) return false;
  if ((received.stream ?? 0) > lastStreamId) return true;
  return cut !== undefined && cut.seq > goaway.seq && cut.type !== 'stream.reset';
}

/** On another connection, as an attempt at the same call. While its connection is open a request has not failed, and what repeats
 * it is a call of its own. */
function isRepeated({ connection, received, cut }: Request, call: Call | undefined, { connections }: Client): boolean {
  const others = cut
    ? (call?.attempts ?? [])
    : connections
        .flatMap(({ requests }) => requests)
        .filter((other) => other.received.method === received.method && other.received.path === received.path);
  return others.some((other) => other.received.seq > received.seq && other.connection !== connection);
}

/** Whether a request that was answered whole came again since the GOAWAY. Only within one call: a poll after a poll is no repetition. */
const isRepeatedAfter = (
  goaway: Drain['goaway'],
  { received, answer, cut }: Request,
  call: Call | undefined,
): boolean =>
  answer !== undefined &&
  answer.status < 400 &&
  !cut &&
  (call?.attempts ?? []).some((other) => other.received.seq > Math.max(received.seq, goaway.seq));
