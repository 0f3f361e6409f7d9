import type { JournalEvent } from '../journal.ts';
import { DEFAULT_BY } from '../scenario/clients.ts';
import { successRateOf, TaskTally } from '../task-tally.ts';
import { OpenCalls } from './amid-calls.ts';
import {
  type Expectation,
  inconclusive,
  type Judgement,
  type Now,
  type Outcome,
  type Run,
  type RunWatch,
} from './check.ts';
import { ClientTime, type WaitsBy } from './client-time.ts';
import { Client, nameOf } from './clients.ts';
import { Connection, type Cut, endOf, isCutOff, isLeft, isSilent, isStarved, mayRepeat, Request } from './facts.ts';
import { Following } from './following.ts';
import { LookAlikes } from './look-alikes.ts';
import { Reading } from './reading.ts';
import { Strikes } from './strikes.ts';
import { MAX_EVENTS_NAMED, Tally } from './tally.ts';
import { type CheckResult, type ClientResult, type ClientSummary, REPORT_VERSION, sumUp, Verdict } from './verdict.ts';
import type { Steps } from './work.ts';

/** How a reset arrives at the client: a proxy on the way may close in good order instead. */
export const resetFidelities = ['reset', 'fin', 'unknown'] as const;
export type ResetFidelity = (typeof resetFidelities)[number];

/** What is judged, and by what. */
export interface Case {
  readonly scenario: string;
  readonly seed: number;
  readonly expect: readonly Expectation[];
  /** Left out: a reset is a reset, as on loopback. */
  readonly resets?: ResetFidelity;
}

/** How long after its answer a request may still turn out to have been cut, in client time. */
const SETTLED_AFTER_MS = 2_000;
/** How often calls are looked through that wait for another attempt, in lane time. */
const EXPIRE_EVERY_MS = 10_000;

const NO_CLIENT: Judgement = {
  ...inconclusive('no client connected'),
  hint: 'Point the client at the mock: a command of `run` finds its base URL in `SEEDANCE_BASE_URL` and `ARK_BASE_URL`.',
};

/** The frames of an answer. */
const CARRIES_ANSWER: readonly string[] = ['HEADERS', 'CONTINUATION', 'DATA'];

/** A connection and whose it is. */
interface Seat {
  readonly connection: Connection;
  /** The client that a request on it has named. */
  client?: Client;
  /** The client that it is taken for, while no request has named one. */
  taken?: Client;
  /** All of whose it is in some reading. */
  readings: Reading[];
  /** Requests whose body is still to come, though they may have been answered. */
  readonly early: Set<Request>;
  /** Whose those requests are that name another client than the first on their connection. */
  foreign?: Map<Request, readonly Reading[]>;
}

/** Why nothing that looks good can be trusted. */
interface Doubt {
  /** For which checks; left out, for all. */
  readonly relies?: Expectation['relies'][number];
  /** Events are missing: even what has not happened may have. */
  readonly missed?: true;
  readonly reason: string;
}

type ConnectionEvent = JournalEvent<
  | 'connection.hello'
  | 'connection.secured'
  | 'connection.identified'
  | 'connection.ended'
  | 'connection.queued'
  | 'connection.released'
  | 'connection.hung'
  | 'connection.frozen'
  | 'heartbeat'
  | 'goaway.sent'
  | 'stream.late'
  | 'rule.applied'
  | 'certificate.shown'
>;
type RequestEvent = JournalEvent<
  'request.body' | 'task.created' | 'response.sent' | 'response.abandoned' | 'stream.reset'
>;

interface RunWatched {
  readonly expectation: Expectation;
  readonly tally: Tally;
  readonly watch: RunWatch;
}

/** Judges a run by its journal: reads each event once, as it comes, and keeps what each check saw, in bounded memory. */
export class Bench {
  readonly #expect: readonly Expectation[];
  readonly #sensitive: readonly Expectation[];
  readonly #time: ClientTime;
  readonly #following = new Following();
  readonly #learners: readonly { learn(event: JournalEvent): void }[];
  readonly #run: Run;
  readonly #seats = new Map<number, Seat>();
  readonly #gone = new Set<number>();
  readonly #clients = new Map<string, Client>();
  /** Those that are read by what may be theirs, too: of thousands behind one address none is. */
  readonly #guessing = new Set<Client>();
  /** Behind connections that were cut before a request could name their client, where no client fits. */
  readonly #unnamed: Client[] = [];
  /** Cut likewise, and any of several clients may have opened them. */
  #nobodys = 0;
  readonly #settling: Request[] = [];
  #settled = 0;
  #settledAt = Number.NaN;
  readonly #runs: readonly RunWatched[];
  /** Their watches, by what they hear of. */
  readonly #ears: Readonly<Record<keyof RunWatch, readonly RunWatch[]>>;
  /** Of the commands of `run` that have ended, by the name of the copy. */
  readonly #exitCodes = new Map<string, number | undefined>();
  readonly #strikes = new Strikes();
  readonly #lookAlikes = new LookAlikes();
  readonly #openCalls = new OpenCalls();
  readonly #tasks = new TaskTally();
  #idleAfterMs = Number.POSITIVE_INFINITY;
  #events = 0;
  #missed = 0;
  #expiredAt = 0;
  #oldestOpened = Number.POSITIVE_INFINITY;

  /** @param expect what the scenario expects
   * @param startAt lane time of the first event
   * @param waitsBy by which clock the clients wait */
  constructor(expect: readonly Expectation[], startAt: number, waitsBy: WaitsBy = 'lane') {
    this.#expect = expect;
    this.#sensitive = expect.filter(({ mergeSensitive }) => mergeSensitive);
    this.#time = new ClientTime(startAt, waitsBy);
    this.#learners = [this.#following, this.#strikes, this.#lookAlikes, this.#openCalls, this.#tasks];
    this.#run = { time: this.#time, following: this.#following, tasks: this.#tasks };
    this.#runs = expect.flatMap((expectation) => {
      const tally = new Tally();
      const watch = expectation.run?.watch(tally, this.#run);
      return watch ? [{ expectation, tally, watch }] : [];
    });
    const watches = this.#runs.map(({ watch }) => watch);
    const hearing = (what: keyof RunWatch) => watches.filter((watch) => watch[what]);
    this.#ears = {
      event: hearing('event'),
      request: hearing('request'),
      answered: hearing('answered'),
      over: hearing('over'),
    };
  }

  /** Counts events that were lost before they could be read. */
  miss(events: number): void {
    this.#missed += events;
  }

  /** The lane's time has run at this speed since before the run began. */
  setClock(change: JournalEvent<'clock.changed'>): void {
    this.#time.change(change);
  }

  /** @param event the next one of the journal */
  read(event: JournalEvent): void {
    this.#events++;
    this.#settleUpTo(event);
    // Nearly all events are of these two types.
    if (event.type === 'request.received') return this.#noteRequest(event);
    if (event.type === 'response.sent') return this.#noteNews(event);
    for (const learner of this.#learners) learner.learn(event);
    for (const watch of this.#ears.event) watch.event?.(event);
    switch (event.type) {
      case 'clock.changed':
        this.#time.change(event);
        break;
      case 'scenario.loaded':
        this.#idleAfterMs = event.idleAfterMs ?? Number.POSITIVE_INFINITY;
        break;
      case 'fault.injected':
        this.#noteStrike(event);
        break;
      case 'command.ended':
        this.#exitCodes.set(event.copy, event.code);
        break;
      case 'goaway.received': {
        // With a code the client says what of ours it could not take.
        const connection = this.#seats.get(event.connection)?.connection;
        if (event.code !== 0 && connection?.struck) connection.spoilt = true;
        break;
      }
      case 'frame.tampered':
        this.#noteTampered(event);
        break;
      case 'connection.opened': {
        const connection = new Connection(event.connection);
        connection.opened = event;
        connection.isStorage = event.storage === true;
        this.#oldestOpened = Math.min(this.#oldestOpened, event.connection);
        this.#seats.set(event.connection, { connection, readings: [], early: new Set() });
        break;
      }
      case 'connection.handed-over':
        // It goes on in another lane's journal.
        this.#seats.delete(event.connection);
        break;
      case 'request.body':
      case 'task.created':
      case 'response.abandoned':
      case 'stream.reset':
        this.#noteNews(event);
        break;
      case 'connection.hello':
      case 'connection.secured':
      case 'connection.identified':
      case 'connection.ended':
      case 'connection.queued':
      case 'connection.released':
      case 'connection.hung':
      case 'connection.frozen':
      case 'heartbeat':
      case 'goaway.sent':
      case 'stream.late':
      case 'rule.applied':
      case 'certificate.shown':
        this.#noteOf(event);
        break;
    }
  }

  /** Judges by what has been read, in steps: between two of them nothing may be read.
   * @param latest the newest event, and the moment of judging */
  *judge({ scenario, seed, resets = 'reset' }: Omit<Case, 'expect'>, latest: Now['latest']): Steps<Verdict> {
    const now = this.#now(latest);
    const clients = this.#judged();
    const doubts = this.#doubts(resets);
    const amidCalls = this.#openCalls.report;
    const { never: neverStruck } = this.#strikes;
    const { counts: lookAlikes } = this.#lookAlikes;
    const { counts: tasks } = this.#tasks;
    const rate = successRateOf(tasks);
    const checks: CheckResult[] = [];
    for (const expectation of this.#expect) checks.push(yield* this.#judgeBy(expectation, clients, doubts, now));
    return new Verdict({
      version: REPORT_VERSION,
      scenario,
      seed,
      outcome: sumUp(
        checks.map(({ outcome }) => outcome),
        'checks',
      ),
      checks,
      clients: clients.map(summarize),
      faults: this.#strikes.counts,
      ...(neverStruck.length > 0 && { neverStruck }),
      ...(lookAlikes && { lookAlikes }),
      ...(tasks.created > 0 && { tasks: { ...tasks, ...(rate !== undefined && { successRate: rate }) } }),
      ...(this.#nobodys > 0 && { unnamed: this.#nobodys }),
      ...(amidCalls && { amidCalls }),
      events: this.#events,
      missed: this.#missed,
    });
  }

  #now(latest: Now['latest']): Now {
    return { ...this.#run, latest };
  }

  #judged(): readonly Client[] {
    return [...this.#clients.values(), ...this.#unnamed].toSorted((a, b) => a.since - b.since);
  }

  *#judgeBy(
    expectation: Expectation,
    clients: readonly Client[],
    doubts: readonly Doubt[],
    now: Now,
  ): Steps<CheckResult> {
    const { check, expected, relies } = expectation;
    const doubt = doubts.find((one) => one.relies === undefined || relies.includes(one.relies));
    const judged: { readonly client?: Client; readonly judgement: Judgement }[] = [];
    const run = this.#runs.find((one) => one.expectation === expectation);
    const judgement = run && expectation.run?.judge(run.tally.copy(), now, run.watch);
    if (judgement) judged.push({ judgement });
    for (const client of clients) {
      const found = client.judge(expectation, { ...now, exitCode: this.#exitCodeOf(client) });
      if (found) judged.push({ client, judgement: found });
      yield;
    }
    if (judged.length === 0) judged.push({ judgement: NO_CLIENT });
    const results = judged.map(resultOf);
    const summary = sumUp(
      results.map((result) => result.outcome),
      'clients',
    );
    // What may be read in two ways does not pass because another client does.
    const isDoubtful = summary === 'pass' && judged.some(({ judgement }) => judgement.doubtful);
    const outcome = isDoubtful ? 'inconclusive' : summary;
    const provisional = judged.every(({ judgement }) => judgement.outcome !== 'fail' || judgement.provisional);
    return {
      check,
      expected,
      outcome: trust(outcome, doubt, provisional),
      ...(doubt && { doubt: doubt.reason }),
      clients: results,
    };
  }

  /** A copy is known by its key; what has none may be any copy's, so all of them must have ended alike. */
  #exitCodeOf({ identity = '' }: Client): number | undefined {
    if (this.#exitCodes.size === 0) return undefined;
    const [copy] = /^copy-\d+\b/.exec(identity) ?? [];
    if (copy !== undefined && this.#exitCodes.has(copy)) return this.#exitCodes.get(copy);
    const [first, ...others] = copy === undefined || this.#exitCodes.size === 1 ? this.#exitCodes.values() : [];
    return others.every((code) => code === first) ? first : undefined;
  }

  #doubts(resets: ResetFidelity): readonly Doubt[] {
    const doubts: Doubt[] = [];
    if (this.#missed > 0)
      doubts.push({ missed: true, reason: `${this.#missed} events were lost before they were read` });
    if (this.#strikes.areMissing) doubts.push({ reason: 'no fault of the scenario ever struck' });
    if (resets !== 'reset') {
      const why =
        resets === 'fin'
          ? 'the path to the client turns resets into FINs'
          : 'it is not known whether a reset arrives as one';
      doubts.push({ relies: 'resets', reason: `${why}: use host networking, or a client on the same Docker network` });
    }
    return doubts;
  }

  #noteStrike({ connection, request }: JournalEvent<'fault.injected'>): void {
    const struck = connection === undefined ? undefined : this.#seats.get(connection)?.connection;
    const asked = request === undefined ? struck : struck?.open.get(request);
    if (asked) asked.struck = true;
  }

  /** One that was opened before the scenario was loaded is known by what it does. */
  #find(id: number): Seat | undefined {
    const known = this.#seats.get(id);
    if (known) return known;
    if (id > this.#oldestOpened || this.#gone.has(id)) return undefined;
    const seat: Seat = { connection: new Connection(id), readings: [], early: new Set() };
    this.#seats.set(id, seat);
    return seat;
  }

  #noteOf(event: ConnectionEvent): void {
    if (event.connection === undefined) return;
    const seat = this.#find(event.connection);
    if (!seat) return;
    const { connection } = seat;
    switch (event.type) {
      case 'connection.hello':
        connection.hello = event;
        break;
      case 'connection.secured': {
        connection.secured = event;
        for (const reading of seat.readings) reading.secured(connection);
        this.#place(seat);
        break;
      }
      case 'connection.identified':
        if (event.userAgent !== undefined) connection.userAgent ??= event.userAgent;
        if (event.account !== undefined) connection.account = event.account;
        if (!seat.client && event.client !== undefined) this.#name(seat, event.client, event);
        if (seat.client && seat.client.identity === event.client) seat.client.isOneProgram ||= isOneProgram(event);
        break;
      case 'heartbeat':
        this.#noteBeat(connection, event);
        this.#noteKeptAlive(seat, event);
        break;
      case 'goaway.sent':
        // The first counts, and the last two: what a drain begins with, and what a shutdown adds.
        if (connection.goaways.length === 3) connection.goaways.splice(1, 1);
        connection.goaways.push(event);
        for (const reading of seat.readings) reading.goaway(connection);
        break;
      case 'stream.late':
        for (const reading of seat.readings) reading.lateStream(connection, event);
        break;
      case 'rule.applied':
        if (event.rule === 'heartbeat') connection.beats.ruled = event;
        this.#place(seat);
        for (const reading of seat.readings) reading.ruled(connection, event);
        break;
      case 'connection.queued':
      case 'connection.hung':
        connection.silence = { fromMs: event.at, untilMs: Number.POSITIVE_INFINITY };
        // It may never say more of itself.
        this.#place(seat);
        break;
      case 'connection.frozen':
        connection.silence = { fromMs: event.at, untilMs: event.at + event.forMs };
        break;
      case 'connection.released':
        delete connection.silence;
        break;
      case 'certificate.shown':
        connection.badCertificate = event;
        break;
      case 'connection.ended':
        this.#end(seat, event);
        break;
    }
  }

  /** What a fault drops on its way to the client is withheld; what else it does to a frame may matter or not. */
  #noteTampered({ connection: id, stream, direction, did, frame }: JournalEvent<'frame.tampered'>): void {
    const seat = this.#seats.get(id);
    const isDropped = did === 'drop' && direction === 'to-client';
    for (const request of seat?.connection.open.values() ?? []) {
      if (!seat || (stream !== 0 && request.received.stream !== stream)) continue;
      if (stream !== 0) request.tampered = true;
      if (!isDropped) continue;
      if (frame === 'WINDOW_UPDATE') request.starved = true;
      else if (stream !== 0 && CARRIES_ANSWER.includes(frame) && !request.withheld) {
        request.withheld = true;
        if (request.answer && !request.cut) this.#noteEnd(seat, request);
      }
    }
  }

  /** A PING that comes when the service would have ended the connection shows that those before it kept it. */
  #noteKeptAlive({ connection, readings }: Seat, event: JournalEvent<'heartbeat'>): void {
    const silentMs = event.at - Math.max(connection.busyAt, connection.opened?.at ?? event.at);
    if (event.source !== 'ping' || silentMs <= this.#idleAfterMs) return;
    connection.busyAt = Number.POSITIVE_INFINITY;
    for (const reading of readings) reading.keptAlive(connection, event);
  }

  #noteBeat({ opened, beats }: Connection, event: JournalEvent<'heartbeat'>): void {
    const before = beats.last ?? opened;
    if (before) beats.longestGapMs = Math.max(beats.longestGapMs, this.#time.between(before, event));
    beats.count++;
    beats.last = event;
    // A clock is off for all of them. One that is older waited somewhere.
    const known = beats.skewMs ?? Number.POSITIVE_INFINITY;
    if (event.judgedBy === 'client' && Math.abs(event.ageMs) < Math.abs(known)) beats.skewMs = event.ageMs;
  }

  #noteRequest(event: JournalEvent<'request.received'>): void {
    const seat = this.#find(event.connection);
    if (!seat) return;
    const { connection } = seat;
    const request = new Request(connection, event);
    connection.requests++;
    connection.busyAt = event.at;
    connection.open.set(event.request, request);
    if (!seat.client && event.client !== undefined) this.#name(seat, event.client, event);
    // Neither does it say who sent it, nor has another on its connection.
    if (!seat.client) this.#place(seat);
    if (event.client !== undefined && seat.client && event.client !== seat.client.identity)
      this.#noteForeign(seat, request, event.client);
    else seat.client?.noteUse(request);
    this.#strikes.request(request);
    for (const watch of this.#ears.request) watch.request?.(request);
    for (const reading of readingsOf(seat, request)) reading.received();
    if (hasBody(event.method)) seat.early.add(request);
    else for (const reading of readingsOf(seat, request)) reading.request(request);
  }

  #noteNews(event: RequestEvent): void {
    if (event.connection === undefined || event.request === undefined) return;
    const seat = this.#seats.get(event.connection);
    const request = seat?.connection.open.get(event.request);
    if (!seat || !request) return;
    seat.connection.busyAt = event.at;
    switch (event.type) {
      case 'request.body':
        request.body ??= event;
        this.#ready(seat, request);
        break;
      case 'task.created':
        this.#ready(seat, request);
        request.task ??= event;
        for (const reading of readingsOf(seat, request)) reading.task(request);
        break;
      case 'response.sent':
        if (request.answer) return;
        request.answer = event;
        seat.connection.served ??= request.received;
        this.#noteEnd(seat, request);
        this.#strikes.answered(request);
        for (const watch of this.#ears.answered) watch.answered?.(request);
        break;
      default:
        // What hangs is over once its client has enough of it.
        if (event.type === 'response.abandoned' && event.how === 'hang') {
          request.struck = true;
          request.withheld = true;
          return;
        }
        if (request.cut) return;
        this.#cut(seat, request, event);
    }
  }

  #cut(seat: Seat, request: Request, cut: Cut): void {
    request.cut = cut;
    if (isLeft(request) && (isStarved(request) || isSilent(seat.connection, cut))) request.withheld = true;
    this.#noteEnd(seat, request);
  }

  #ready(seat: Seat, request: Request): void {
    if (!seat.early.delete(request)) return;
    for (const reading of readingsOf(seat, request)) {
      reading.request(request);
      if (endOf(request)) reading.requestEnded(request);
    }
  }

  #noteEnd(seat: Seat, request: Request): void {
    this.#following.noteEnd(request);
    if (mayRepeat(request)) seat.connection.spoilt = true;
    // A refusal may go out before the body has come by which the call is known. What is cut brings no body any more.
    if (!seat.early.has(request)) for (const reading of readingsOf(seat, request)) reading.requestEnded(request);
    else if (request.cut) this.#ready(seat, request);
    this.#settling.push(request);
  }

  #settleUpTo(now: JournalEvent): void {
    // Of the many events of one millisecond the first settles what there is to settle.
    if (now.at === this.#settledAt) return;
    this.#settledAt = now.at;
    for (;;) {
      const request = this.#settling[this.#settled];
      const end = request && (request.answer ?? request.cut);
      if (!end || this.#time.between(end, now) < SETTLED_AFTER_MS) break;
      this.#settled++;
      // While nothing passes, its client may leave without it.
      if (!isSilent(request.connection, now)) this.#settle(request);
    }
    // What is settled makes room at times, not each time.
    if (this.#settled > 1_000) this.#settling.splice(0, this.#settled);
    if (this.#settled > this.#settling.length || this.#settled > 1_000) this.#settled = 0;
    if (now.at - this.#expiredAt < EXPIRE_EVERY_MS) return;
    this.#expiredAt = now.at;
    for (const client of [...this.#clients.values(), ...this.#unnamed]) client.expire(now);
  }

  #settle(request: Request): void {
    const { connection, received } = request;
    const seat = this.#seats.get(connection.id);
    // Its connection has ended, and it with that.
    if (seat?.connection !== connection || !connection.open.delete(received.request)) return;
    this.#ready(seat, request);
    this.#following.settle(request);
    for (const reading of readingsOf(seat, request)) reading.over(request);
    seat.foreign?.delete(request);
    for (const watch of this.#ears.over) watch.over?.(request);
  }

  #end(seat: Seat, event: JournalEvent<'connection.ended'>): void {
    const { connection } = seat;
    connection.ended = event;
    this.#place(seat);
    const cut: Request[] = [];
    for (const { request: number } of event.requests) {
      const request = connection.open.get(number);
      if (!request) continue;
      cut.push(request);
      if (!request.cut) this.#cut(seat, request, event);
    }
    // What went out on a line that lets nothing pass has not arrived.
    if (isSilent(connection, event))
      for (const request of connection.open.values())
        if (!request.cut && request.answer && isSilent(connection, request.answer)) {
          cut.push(request);
          this.#cut(seat, request, event);
        }
    for (const reading of seat.readings) reading.ended(connection, cut);
    for (const request of [...connection.open.values()]) this.#settle(request);
    seat.client?.endAlone(connection, this.#now(event), this.#sensitive);
    if (!seat.client && isCutOff(event)) {
      if (seat.taken) seat.taken.unnamed++;
      else this.#nobodys++;
    }
    this.#seats.delete(connection.id);
    if (connection.id < this.#oldestOpened) this.#gone.add(connection.id);
  }

  /** A request has named the client of a connection. */
  #name(seat: Seat, identity: string, event: JournalEvent): void {
    const { connection, taken } = seat;
    const known = this.#clients.get(identity);
    const client = known ?? this.#meet(identity, connection);
    if (client.learn(connection)) this.#share(connection);
    if (taken && taken !== client) this.#stopGuessing(taken);
    seat.client = client;
    delete seat.taken;
    const alone = client.takeAlone(connection, this.#sensitive, this.#now(event));
    const isTaken = client.guess !== undefined && seat.readings.includes(client.guess);
    if (!isTaken) client.guess?.take(connection);
    client.sure.take(connection);
    seat.readings = [client.sure, ...(client.guess ? [client.guess] : [])];
    if (taken && this.#unnamed.includes(taken)) this.#dissolve(taken);
    for (const [one, reading] of alone) this.#seats.get(one.id)?.readings.push(reading);
  }

  /** Several clients share a connection, as behind a proxy: each request is its own client's, the connection the first one's. */
  #noteForeign(seat: Seat, request: Request, identity: string): void {
    const { sure, guess } = this.#clients.get(identity) ?? this.#meet(identity, seat.connection);
    seat.foreign ??= new Map();
    seat.foreign.set(request, guess ? [sure, guess] : [sure]);
  }

  #meet(identity: string, connection: Connection): Client {
    const [other] = this.#ownersOf(connection);
    this.#stopGuessingOn(connection);
    const sure = new Reading(this.#expect, this.#run);
    // Connections that no client fitted before may be this client's.
    const before = other ? undefined : this.#unnamed.find((one) => one.mayOwn(connection));
    const guess = other ? undefined : (before?.sure ?? new Reading(this.#expect, this.#run));
    if (before) this.#unnamed.splice(this.#unnamed.indexOf(before), 1);
    const client = new Client(connection, { identity, sure, ...(guess && { guess }) });
    if (before) client.unnamed = before.unnamed;
    this.#clients.set(identity, client);
    if (guess) this.#guessing.add(client);
    for (const seat of this.#seats.values()) if (before && seat.taken === before) seat.taken = client;
    return client;
  }

  /** A client that is known comes from where others may come from, too. */
  #share(connection: Connection): void {
    // It is one of them by now.
    const [, other] = this.#ownersOf(connection);
    if (other) this.#stopGuessingOn(connection);
  }

  /** What was taken for a client of its own is a known one's, who has another library or another address: what was cut before that
   * was clear is judged no more. */
  #dissolve(unnamed: Client): void {
    this.#unnamed.splice(this.#unnamed.indexOf(unnamed), 1);
    this.#nobodys += unnamed.unnamed;
    for (const seat of this.#seats.values()) {
      if (seat.taken !== unnamed) continue;
      delete seat.taken;
      seat.readings = [];
      this.#place(seat);
    }
  }

  /** Another client has come whose connections those may be that were taken for this one's. */
  #stopGuessing(client: Client): void {
    const { guess } = client;
    if (!guess) return;
    this.#nobodys += client.unnamed;
    client.guess = undefined;
    client.unnamed = 0;
    this.#guessing.delete(client);
    for (const seat of this.#seats.values()) {
      if (seat.taken === client) delete seat.taken;
      seat.readings = seat.readings.filter((reading) => reading !== guess);
    }
  }

  /** Takes a connection for the one client whose it can be, for as long as no request names another. */
  #place(seat: Seat): void {
    const { connection } = seat;
    if (seat.client || seat.taken || seat.readings.length > 0) return;
    const [only, other] = this.#ownersOf(connection);
    if (other || (only && !only.guess)) return;
    const client = only ?? this.#unnamedFor(connection);
    const reading = client.guess ?? client.sure;
    client.learn(connection);
    seat.taken = client;
    seat.readings = [reading];
    reading.take(connection);
  }

  /** The clients whose a connection may be. Take the first ones: there may be thousands. */
  *#ownersOf(connection: Connection): Iterable<Client> {
    for (const client of this.#clients.values()) if (client.mayOwn(connection)) yield client;
  }

  #stopGuessingOn(connection: Connection): void {
    for (const client of this.#guessing) if (client.mayOwn(connection)) this.#stopGuessing(client);
  }

  #unnamedFor(connection: Connection): Client {
    const known = this.#unnamed.find((one) => one.mayOwn(connection));
    if (known) return known;
    const client = new Client(connection, { sure: new Reading(this.#expect, this.#run) });
    this.#unnamed.push(client);
    return client;
  }
}

/** What failed before everybody's eyes has failed, unless it rests on what an event that is missing could refute. */
function trust(outcome: Outcome, doubt: Doubt | undefined, provisional: boolean): Outcome {
  if (!doubt || outcome === 'inconclusive') return outcome;
  return outcome === 'pass' || doubt.relies || (doubt.missed && provisional) ? 'inconclusive' : 'fail';
}

function resultOf({ client, judgement }: { readonly client?: Client; readonly judgement: Judgement }): ClientResult {
  const { events, eventCount = events.length, provisional: _, oneProgram: __, ...found } = judgement;
  return {
    ...(client && { client: nameOf(client) }),
    ...found,
    events: events.slice(0, MAX_EVENTS_NAMED),
    eventCount,
  };
}

function summarize(client: Client): ClientSummary {
  const { address, ja4, userAgent, reading } = client;
  const { connections, requests, calls, resets, rules } = reading;
  return {
    name: nameOf(client),
    address,
    ...(ja4 !== undefined && { ja4 }),
    ...(userAgent !== undefined && { userAgent }),
    connections,
    requests,
    calls: calls.count,
    resets,
    rules: { ...rules },
  };
}

/** By default a client is known by what several programs may have in common; a header, a setting or `run --copies` tells more. */
const isOneProgram = ({ by, client }: JournalEvent<'connection.identified'>): boolean =>
  by !== DEFAULT_BY.at(-1) || /^copy-\d+\b/.test(client);

const readingsOf = ({ readings, foreign }: Seat, request: Request): readonly Reading[] =>
  foreign?.get(request) ?? readings;

/** Methods whose requests bring a body, by which their call is known. */
const hasBody = (method: string): boolean => WITH_BODY.has(method);

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
