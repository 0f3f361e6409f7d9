import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { duration } from '../../scenario/duration.ts';
import { keep } from '../bounded.ts';
import type { Call } from '../calls.ts';
import { type Calls, type ClientRun, defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import type { ClientTime } from '../client-time.ts';
import { type Connection, endOf, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** How long before a client closes its connection a stream that it resets was given up with it. */
const LEAVES_WITHIN_MS = 1_000;

/** How many such streams are remembered. */
const RESET_KEPT = 100;
/** How many connections of a client are remembered that were drained. */
const DRAINS_KEPT = 1_000;

/** A GET that comes so soon after its answer on a drained connection is the same again, or a poll in haste. */
const AT_ONCE_MS = 100;
/** How many such answers are remembered. */
const ANSWERED_KEPT = 1_000;

/** RFC 9113, section 6.8. */
export const goawayRespected = defineCheck({
  name: 'goaway-respected',
  summary:
    'Opens no stream after a GOAWAY, waits for the answers to come, and repeats elsewhere what the service never saw.',
  definition: `Of each connection that was sent a GOAWAY while it was open: a stream that the client opens later than \`grace\` after it is *new
stream* (what was on its way already is excused); a connection that the client closes while streams up to the last one of the GOAWAY have no
answer, or on which it resets all of several such streams at once, is *abandoned*, once the client makes another request: they would have been answered; a request above the last stream that is not tried
again on another connection is *not repeated*, and one up to the last stream that the service cut all the same is *cut and not repeated*, unless it was
a create, which is better left alone; a request that was
answered whole on the old connection and comes again is *repeated needlessly*. A single stream that the client resets while the connection stays open
is its choice. Inconclusive without a GOAWAY to a client, or where it abandoned streams and never came back, or reset one soon after the GOAWAY
and asked for the same elsewhere, or asked for the same within ${AT_ONCE_MS} ms of an answer that came after it.`,
  params: z.strictObject({
    grace: duration().default(100).describe('What is opened so soon after may have been on its way.'),
  }),
  relies: ['frames'],
  mergeSensitive: true,
  expects: () => 'no new stream after GOAWAY, and unprocessed requests again on another connection',
  client: {
    watch: (tally, { grace }, run) => new Drains(tally, grace, run),
    judge(tally, _, { unsettled }, drains) {
      drains.noteOpen(tally);
      for (const call of drains.needlessOf(unsettled)) tally.note('repeated needlessly', [call.first.received.seq]);
      const drained = tally.of('drained').count;
      if (drained === 0) return inconclusive('it was sent no GOAWAY');
      for (const [finding, say, hint] of FINDINGS) {
        const { count } = tally.of(finding);
        if (count > 0)
          return fail(say(count), {
            ...{ finding, hint, ...tally.proofs('drained', finding) },
            ...(finding.endsWith('not repeated') && { provisional: true }),
            ...(tally.of('asked again').count > 0 && { oneProgram: true }),
          });
      }
      const { count: resets } = tally.of('reset');
      if (resets > 0)
        return doubtful(
          `reset ${many(resets, 'stream')} soon after GOAWAY, and asked for the same elsewhere: it would not wait, or ran into a time-out`,
          tally.proofs('drained', 'reset'),
        );
      const { count: soon } = tally.of('asked at once');
      if (soon > 0)
        return doubtful(
          `asked again at once for ${many(soon, 'answer')} that came after GOAWAY: it took them for lost, or polls in haste`,
          tally.proofs('drained', 'asked at once'),
        );
      if (drains.left.length > 0)
        return doubtful(
          `closed ${many(drains.left.length, 'stream')} that would have been answered after GOAWAY, and never came back: it may have ended`,
          tally.proofs('drained'),
        );
      return pass(
        `left ${many(drained, 'connection')} on GOAWAY, and repeated ${many(tally.of('repeated').count, 'request')} elsewhere`,
        tally.proofs('drained'),
      );
    },
  },
});

const FINDINGS = [
  [
    'new stream',
    (count: number) => `opened ${many(count, 'stream')} on a connection after its GOAWAY`,
    'On GOAWAY take the connection out of the pool at once, and send what comes next over a new one.',
  ],
  [
    'abandoned',
    (count: number) =>
      `closed a connection after GOAWAY while ${many(count, 'stream')} up to the last one had no answer`,
    'Streams up to the last one in GOAWAY are still answered: wait for them before you close the connection.',
  ],
  [
    'not repeated',
    (count: number) =>
      `did not repeat ${many(count, 'request')} above the last stream of GOAWAY, which it left unprocessed`,
    'Streams above the last one in GOAWAY were never processed: send them again on a new connection.',
  ],
  [
    'cut and not repeated',
    (count: number) =>
      `did not repeat ${many(count, 'request')} up to the last stream of GOAWAY, though cut by the service`,
    'A GET that is cut on a drained connection has no answer: send it again on a new connection.',
  ],
  [
    'repeated needlessly',
    (count: number) => `repeated ${many(count, 'request')} that had been answered`,
    'Streams up to the last one in GOAWAY are still answered: wait for them.',
  ],
] as const;

/** A connection that was sent a GOAWAY. */
interface Drain {
  readonly connection: Connection;
  /** The first: a graceful drain sends two. */
  readonly goaway: JournalEvent<'goaway.sent'>;
  /** What had no answer then, and what came since. */
  readonly requests: Set<Request>;
  /** Streams that came later than `grace`. */
  readonly late: { readonly seq: number; readonly stream: number | undefined }[];
}

/** A request that its client still has to send again, and what it is if it does not. */
interface Owed {
  readonly request: Request;
  readonly finding: 'not repeated' | 'cut and not repeated';
}

const isAbove = ({ received }: Request, lastStreamId = Number.POSITIVE_INFINITY): boolean =>
  (received.stream ?? 0) > lastStreamId;
const findingOf = (request: Request, lastStreamId: number | undefined): Owed['finding'] =>
  isAbove(request, lastStreamId) ? 'not repeated' : 'cut and not repeated';

/** Methods that may be repeated without a doubt (RFC 9110, section 9.2.2). */
const isSafe = ({ received }: Request) => ['GET', 'HEAD', 'PUT', 'DELETE'].includes(received.method);

class Drains {
  readonly #tally: Tally;
  readonly #grace: number;
  readonly #time: ClientTime;
  readonly #calls: Calls;
  readonly #open = new Map<Connection, Drain>();
  /** When the latest connections were drained, by their numbers. */
  readonly #drainedAt = new Map<number, number>();
  /** The calls that were repeated needlessly. */
  readonly #needless = new WeakSet<Call>();
  /** While a connection is drained: the latest request for each place on another. */
  readonly #elsewhere = new Map<string, number>();
  /** The latest GET for each place that was answered on a drained connection, after its GOAWAY. */
  readonly #answered = new Map<string, Request>();
  /** Left unprocessed, and not repeated yet. */
  readonly #owed = new Map<string, Owed>();
  /** Streams that the client reset soon after the GOAWAY, before the service closed the connection, by what they asked for. */
  readonly #reset = new Map<string, Request>();
  /** Abandoned by a client that has not come back yet: their sequence numbers. */
  left: Request[] = [];

  constructor(tally: Tally, grace: number, { time, calls }: ClientRun) {
    this.#tally = tally;
    this.#grace = grace;
    this.#time = time;
    this.#calls = calls;
  }

  goaway(connection: Connection): void {
    const [goaway] = connection.goaways;
    if (!goaway || this.#open.has(connection)) return;
    keep(this.#drainedAt, connection.id, goaway.seq, DRAINS_KEPT);
    this.#open.set(connection, { connection, goaway, requests: new Set(connection.open.values()), late: [] });
  }

  request(request: Request): void {
    const { connection, received } = request;
    const { seq, stream } = received;
    // Most clients are never drained.
    // Stryker disable next-line ConditionalExpression: it saves work alone.
    if (this.#drainedAt.size === 0) return;
    const reset = this.#reset.get(request.place);
    if (reset) this.#tally.note('reset', [reset.received.seq, seq]);
    this.#reset.delete(request.place);
    const left = this.left.splice(0);
    for (const one of left) this.#tally.note('abandoned', [one.received.seq, seq]);
    // Another program would hardly ask for the same.
    if (left.some((one) => one.place === request.place)) this.#tally.note('asked again', []);
    const drain = this.#open.get(connection);
    if (drain) {
      drain.requests.add(request);
      if (this.#time.between(drain.goaway, received) > this.#grace) drain.late.push({ seq, stream });
    }
    const { place } = request;
    const owed = this.#owed.get(place);
    if (owed) {
      this.#owed.delete(place);
      this.#tally.note('repeated', [owed.request.received.seq, seq]);
    }
    if (this.#open.size > 0 && !drain) this.#elsewhere.set(place, seq);
    this.#noteAskedAgain(request);
    const call = this.#calls.known(request);
    if (call) this.#noteNeedless(call);
  }

  /** Whether a call that a drained connection answered whole came again after the GOAWAY. */
  isNeedless(call: Call, answer = call.success): boolean {
    const { last } = call;
    if (!answer || answer.status >= 400 || this.#needless.has(call)) return false;
    const drainedAt = this.#drainedAt.get(answer.connection) ?? Number.POSITIVE_INFINITY;
    const isOwn = last.connection.id === answer.connection && last.received.request === answer.request;
    // Stryker disable next-line EqualityOperator: no two events have the same number.
    return !isOwn && last.received.seq > drainedAt;
  }

  #noteNeedless(call: Call, answer = call.success): void {
    if (!this.isNeedless(call, answer)) return;
    this.#needless.add(call);
    this.#tally.note('repeated needlessly', [call.first.received.seq]);
  }

  answered(request: Request): void {
    const { connection, place, received, answer } = request;
    if (received.method === 'GET' && answer?.status === 200 && this.#open.has(connection))
      keep(this.#answered, place, request, ANSWERED_KEPT);
  }

  /** Whether a GET comes again at once on another connection. Only its id says that it is the same, and no poll in haste. */
  #noteAskedAgain({ place, received, connection }: Request): void {
    // Stryker disable next-line ConditionalExpression: it saves work alone.
    if (this.#answered.size === 0) return;
    const before = this.#answered.get(place);
    this.#answered.delete(place);
    if (!before?.answer || before.connection === connection) return;
    const { answer } = before;
    // The handshake of its connection is no wait.
    const { opened } = connection;
    // Stryker disable next-line EqualityOperator: no two events have the same number.
    const isOpenedAfter = (opened?.seq ?? 0) > answer.seq;
    const begun = (isOpenedAfter && connection.requests === 1 && opened) || received;
    if (this.#time.between(answer, begun) > AT_ONCE_MS) return;
    const id = received.clientRequestId;
    const isSame = id !== undefined && id === before.received.clientRequestId;
    const events = isSame ? [before.received.seq] : [answer.seq, received.seq];
    this.#tally.note(isSame ? 'repeated needlessly' : 'asked at once', events);
  }

  over(request: Request): void {
    const call = request.cut ? undefined : this.#calls.known(request);
    if (call) this.#noteNeedless(call, request.answer);
  }

  /** The calls that are so by what is not settled yet. */
  needlessOf(unsettled: Iterable<Request>): Iterable<Call> {
    const needless = new Set<Call>();
    for (const request of unsettled) {
      const call = request.cut ? undefined : this.#calls.known(request);
      if (call && this.isNeedless(call, request.answer)) needless.add(call);
    }
    return needless;
  }

  lateStream(connection: Connection, event: JournalEvent<'stream.late'>): void {
    const drain = this.#open.get(connection);
    if (!drain || this.#time.between(drain.goaway, event) <= this.#grace) return;
    drain.late.push(event);
  }

  ended(connection: Connection): void {
    const drain = this.#open.get(connection);
    if (!drain) return;
    this.#open.delete(connection);
    const heeded = heededOf(connection);
    if (heeded.length > 0) {
      this.#note(this.#tally, drain);
      const isDropped = this.#isDropped(drain, heeded.at(-1)?.lastStreamId);
      for (const request of drain.requests) {
        if (isDropped(request) || this.#isAbandoned(request, heeded.at(-1)?.lastStreamId)) this.left.push(request);
        else if (this.#isResetLast(request, drain) && !isAbove(request, heeded.at(-1)?.lastStreamId))
          keep(this.#reset, request.place, request, RESET_KEPT);
        else if (this.#isOwed(request, drain, heeded.at(-1)?.lastStreamId))
          this.#owe(this.#tally, { request, finding: findingOf(request, heeded.at(-1)?.lastStreamId) });
      }
    }
    if (this.#open.size === 0) this.#elsewhere.clear();
  }

  /** Notes what is to be said now of connections that are open, and of requests that were not repeated. */
  noteOpen(tally: Tally): void {
    for (const drain of this.#open.values()) {
      const lastStreamId = drain.connection.goaways.at(-1)?.lastStreamId;
      this.#note(tally, drain);
      for (const request of drain.requests)
        if (this.#isOwed(request, drain, lastStreamId)) {
          const isRepeated = (this.#elsewhere.get(request.place) ?? 0) > request.received.seq;
          tally.note(isRepeated ? 'repeated' : findingOf(request, lastStreamId), [request.received.seq]);
        }
    }
    for (const { request, finding } of this.#owed.values()) tally.note(finding, [request.received.seq]);
  }

  #note(tally: Tally, { goaway, late }: Drain): void {
    tally.note('drained', [goaway.seq]);
    // A stream that came too late may have been taken for a request all the same: it counts once.
    const streams = new Map(late.map((one) => [one.stream ?? one.seq, one.seq]));
    for (const seq of streams.values()) tally.note('new stream', [seq]);
  }

  #owe(tally: Tally, owed: Owed): void {
    const { request } = owed;
    const { place } = request;
    const seq = this.#elsewhere.get(place) ?? 0;
    if (seq > request.received.seq) tally.note('repeated', [request.received.seq, seq]);
    else this.#owed.set(place, owed);
  }

  /** Whether a client still wants an answer that its connection does not give any more. A stream that it reset itself it has given up. */
  #isOwed(request: Request, { goaway }: Drain, lastStreamId: number | undefined): boolean {
    const { answer, cut } = request;
    if (!isSafe(request) || (answer && !cut)) return false;
    if (isAbove(request, lastStreamId)) return true;
    // Stryker disable next-line EqualityOperator: no two events have the same number.
    return cut !== undefined && cut.seq > goaway.seq && cut.type !== 'stream.reset';
  }

  /** Whether a client reset all of several streams soon after the GOAWAY: the service then has nothing left to wait for, and closes. */
  #isDropped({ goaway, requests }: Drain, lastStreamId: number | undefined): (request: Request) => boolean {
    const answerable = [...requests].filter((request) => request.cut && !isAbove(request, lastStreamId));
    const isReset = ({ cut }: Request) =>
      cut?.type === 'stream.reset' && this.#time.between(goaway, cut) <= LEAVES_WITHIN_MS;
    const isDropped = answerable.length > 1 && answerable.every(isReset);
    return (request) => isDropped && answerable.includes(request);
  }

  /** Whether the service closed a drained connection because the client reset what was left of it. */
  #isResetLast({ cut, connection }: Request, { goaway, requests }: Drain): boolean {
    if (cut?.type !== 'stream.reset' || connection.ended?.how !== 'goaway') return false;
    const isLast = [...requests].every((other) => (endOf(other)?.seq ?? 0) <= cut.seq);
    return isLast && this.#time.between(goaway, cut) <= LEAVES_WITHIN_MS;
  }

  /** Whether a client closed its connection on a stream that would still have been answered. */
  #isAbandoned(request: Request, lastStreamId: number | undefined): boolean {
    const { cut, connection } = request;
    const { ended } = connection;
    if (!cut || !ended || ended.by !== 'client' || isAbove(request, lastStreamId)) return false;
    if (cut === ended) return true;
    return cut.type === 'stream.reset' && this.#time.between(cut, ended) <= LEAVES_WITHIN_MS;
  }
}

/** The GOAWAYs that a client could still heed: at shutdown the last one says that no more answers come. */
const heededOf = ({ goaways, ended }: Connection) => (ended?.by === 'shutdown' ? goaways.slice(0, -1) : goaways);
