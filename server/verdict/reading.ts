import type { JournalEvent } from '../journal.ts';
import { type Call, CallBook, plainCallOf } from './calls.ts';
import type { ClientMoment, ClientNow, ClientWatch, Expectation, Judgement, Run } from './check.ts';
import { Comebacks } from './comebacks.ts';
import { type Connection, endOf, type Request } from './facts.ts';
import { Tally } from './tally.ts';

interface Watched {
  readonly watch: ClientWatch;
  readonly tally: Tally;
}

/** Who hears of what. What happens with each request goes to those alone that want to hear of it: there are many checks. */
interface Ears {
  readonly all: readonly ClientWatch[];
  readonly request: readonly ClientWatch[];
  readonly answered: readonly ClientWatch[];
  readonly over: readonly ClientWatch[];
  readonly callOver: readonly ClientWatch[];
}

const earsOf = (all: readonly ClientWatch[]): Ears => ({
  all,
  request: all.filter(({ request }) => request),
  answered: all.filter(({ answered }) => answered),
  over: all.filter(({ over }) => over),
  callOver: all.filter(({ callOver }) => callOver),
});

/** What one client did, if it was the one that these connections belong to: its calls, its comebacks, and what each check saw. */
export class Reading {
  readonly calls: CallBook;
  connections = 0;
  requests = 0;
  /** Connections that the service cut with a TCP reset. */
  resets = 0;
  /** The service's own rules that ended its connections, by name and how often. */
  readonly rules: Record<string, number> = {};
  readonly #open = new Set<Connection>();
  /** Its requests on other clients' connections that are not settled yet. */
  readonly #elsewhere = new Set<Request>();
  readonly #comebacks: Comebacks;
  readonly #watched = new Map<Expectation, Watched>();
  readonly #watches: Ears;
  /** Those that hear of the storage. */
  readonly #ofStorage: Ears;
  readonly #hearsEnds: boolean;

  constructor(expectations: readonly Expectation[], run: Run) {
    this.calls = new CallBook(run.time, (call) => this.#callOver(call));
    const watches: ClientWatch[] = [];
    for (const expectation of expectations) {
      if (!expectation.client) continue;
      const tally = new Tally();
      const watch = expectation.client.watch(tally, { ...run, calls: this.calls });
      watches.push(watch);
      this.#watched.set(expectation, { watch, tally });
    }
    this.#watches = earsOf(watches);
    this.#ofStorage = earsOf(watches.filter(({ hearsStorage }) => hearsStorage));
    this.#hearsEnds = this.#watches.over.length + this.#watches.callOver.length > 0;
    this.#comebacks = new Comebacks(run.time, this.calls, (comeback) => {
      for (const watch of watches) watch.comeback?.(comeback);
    });
  }

  /** A connection is this client's; what has happened on it so far is told at once. */
  take(connection: Connection): void {
    this.connections++;
    this.#open.add(connection);
    if (!connection.isStorage) this.#comebacks.opened(connection);
    for (const watch of this.#of(connection).all) {
      watch.opened?.(connection);
      if (connection.hello) watch.hello?.(connection);
      if (connection.secured) watch.secured?.(connection);
    }
  }

  secured(connection: Connection): void {
    for (const watch of this.#of(connection).all) watch.secured?.(connection);
  }

  /** A request came whose body, if it has one, has been read. */
  request(request: Request): void {
    if (request.foreign) this.#elsewhere.add(request);
    this.calls.join(request);
    if (!request.connection.isStorage) this.#comebacks.request(request);
    for (const watch of this.#of(request.connection).request) watch.request?.(request);
  }

  task(request: Request): void {
    const call = this.calls.noteTask(request);
    if (call) for (const watch of this.#of(request.connection).all) watch.task?.(request, call);
  }

  /** Whether a check wants to hear of the end of a request, or of a call, of which there is nothing else to know. */
  get hearsEnds(): boolean {
    return this.#hearsEnds;
  }

  /** An answer went out, or a request was cut. */
  requestEnded(request: Request): void {
    this.#comebacks.over(request);
    this.calls.noteEnd(request);
    if (request.cut || request.withheld) return;
    if (!request.connection.isStorage) this.#comebacks.answered(request);
    for (const watch of this.#of(request.connection).answered) watch.answered?.(request);
  }

  over(request: Request): void {
    for (const watch of this.#of(request.connection).over) watch.over?.(request);
    const { callOver } = this.#watches;
    if (!this.calls.settle(request) && callOver.length > 0) {
      const call = plainCallOf(request);
      for (const watch of callOver) watch.callOver?.(call);
    }
    if (request.foreign) this.#elsewhere.delete(request);
  }

  goaway(connection: Connection): void {
    for (const watch of this.#of(connection).all) watch.goaway?.(connection);
  }

  lateStream(connection: Connection, event: JournalEvent<'stream.late'>): void {
    for (const watch of this.#of(connection).all) watch.lateStream?.(connection, event);
  }

  ruled(connection: Connection, event: JournalEvent<'rule.applied'>): void {
    for (const watch of this.#of(connection).all) watch.ruled?.(connection, event);
  }

  keptAlive(connection: Connection, ping: JournalEvent<'heartbeat'>): void {
    for (const watch of this.#of(connection).all) watch.keptAlive?.(connection, ping);
  }

  /** @param cut the requests that were cut with it */
  ended(connection: Connection, cut: readonly Request[]): void {
    const { ended } = connection;
    this.#open.delete(connection);
    if (ended?.how === 'reset' && ended.by !== 'client') this.resets++;
    if (ended?.by === 'rule' && ended.cause) this.rules[ended.cause] = (this.rules[ended.cause] ?? 0) + 1;
    if (!connection.isStorage) this.#comebacks.ended(connection, this.#callsOf(cut));
    for (const watch of this.#of(connection).all) watch.ended?.(connection);
  }

  judge(expectation: Expectation, now: ClientMoment): Judgement | undefined {
    const watched = this.#watched.get(expectation);
    const open: ClientNow = {
      ...now,
      openConnections: [...this.#open].filter(({ isStorage }) => !isStorage),
      openCalls: this.#openCalls(),
      unsettled: this.#unsettled(),
      comebacks: this.#comebacks.pending(),
    };
    return watched && expectation.client?.judge(watched.tally.copy(), open, watched.watch);
  }

  #of(connection: Connection): Ears {
    return connection.isStorage ? this.#ofStorage : this.#watches;
  }

  /** Those of its requests that are not settled yet, in the order in which they came. */
  #requests(): readonly Request[] {
    const own: Request[] = [...this.#elsewhere];
    for (const { open } of this.#open)
      for (const request of open.values()) if (request.readings.includes(this)) own.push(request);
    return own.sort((one, other) => one.received.seq - other.received.seq);
  }

  /** The same, of those that have ended. Worked out when it is asked for: most checks do not. */
  *#unsettled(): Iterable<Request> {
    for (const request of this.#requests()) if (endOf(request)) yield request;
  }

  *#openCalls(): Iterable<Call> {
    yield* this.calls.open(this.#requests());
  }

  #callsOf(requests: readonly Request[]): ReadonlyMap<Call, Request> {
    const own = requests.filter(({ readings }) => readings.includes(this));
    return new Map(own.map((request) => [this.calls.of(request), request]));
  }

  #callOver(call: Call): void {
    this.#comebacks.callOver(call);
    for (const watch of this.#watches.callOver) watch.callOver?.(call);
  }
}
