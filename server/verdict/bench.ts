import type { JournalEvent } from '../journal.ts';
import { successRateOf, TaskTally } from '../task-tally.ts';
import { OpenCalls } from './amid-calls.ts';
import { isPlain } from './calls.ts';
import type { Expectation, Now, Run, RunWatch } from './check.ts';
import { ClientTime, type WaitsBy } from './client-time.ts';
import type { Client } from './clients.ts';
import {
  bringsBody,
  type Connection,
  type Cut,
  endOf,
  isLeft,
  isSilent,
  isStarved,
  mayRepeat,
  Request,
} from './facts.ts';
import { Following } from './following.ts';
import { LookAlikes } from './look-alikes.ts';
import { type Doubt, type Judged, resultOf, summarize } from './results.ts';
import { isOneProgram, type Seat, Seating } from './seating.ts';
import { Strikes } from './strikes.ts';
import { Tally } from './tally.ts';
import { type CheckResult, REPORT_VERSION, sumUp, Verdict } from './verdict.ts';
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
  /** The clients are still at work: what has not happened may yet. */
  readonly running?: boolean | undefined;
}

/** How long after its answer a request may still turn out to have been cut, in client time. */
const SETTLED_AFTER_MS = 2_000;
/** How often calls are looked through that wait for another attempt, in lane time. */
const EXPIRE_EVERY_MS = 10_000;

/** The frames of an answer. */
const CARRIES_ANSWER: readonly string[] = ['HEADERS', 'CONTINUATION', 'DATA'];

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
  readonly #time: ClientTime;
  readonly #following = new Following();
  readonly #learners: readonly { learn(event: JournalEvent): void }[];
  readonly #run: Run;
  readonly #seating: Seating;
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
  #isEndMissing = false;
  #expiredAt = 0;

  /** @param expect what the scenario expects
   * @param startAt lane time of the first event
   * @param waitsBy by which clock the clients wait */
  constructor(expect: readonly Expectation[], startAt: number, waitsBy: WaitsBy = 'lane') {
    this.#expect = expect;
    this.#time = new ClientTime(startAt, waitsBy);
    this.#learners = [this.#following, this.#strikes, this.#lookAlikes, this.#openCalls, this.#tasks];
    this.#run = { time: this.#time, following: this.#following, tasks: this.#tasks };
    this.#seating = new Seating(expect, this.#run);
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

  /** Nothing is known of what came after the last event, perhaps a lot. */
  missEnd(): void {
    this.#isEndMissing = true;
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
        const connection = this.#seating.get(event.connection)?.connection;
        if (event.code !== 0 && connection?.struck) connection.spoilt = true;
        break;
      }
      case 'frame.tampered':
        this.#noteTampered(event);
        break;
      case 'connection.opened': {
        this.#seating.open(event);
        break;
      }
      case 'connection.handed-over':
        this.#seating.handOver(event.connection);
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
  *judge(
    { scenario, seed, resets = 'reset', running = false }: Omit<Case, 'expect'>,
    latest: Now['latest'],
  ): Steps<Verdict> {
    const now = { ...this.#now(latest), running };
    const clients = this.#judged();
    const doubts = this.#doubts(resets);
    const { nobodys } = this.#seating;
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
      ...(nobodys > 0 && { unnamed: nobodys }),
      ...(amidCalls && { amidCalls }),
      events: this.#events,
      missed: this.#missed,
    });
  }

  #now(latest: Now['latest']): Now {
    return { ...this.#run, latest };
  }

  #judged(): readonly Client[] {
    return [...this.#seating.clients()].toSorted((a, b) => a.since - b.since);
  }

  *#judgeBy(
    expectation: Expectation,
    clients: readonly Client[],
    doubts: readonly Doubt[],
    now: Now,
  ): Steps<CheckResult> {
    const judged: Judged[] = [];
    const run = this.#runs.find((one) => one.expectation === expectation);
    const judgement = run && expectation.run?.judge(run.tally.copy(), now, run.watch);
    if (judgement) judged.push({ judgement });
    for (const client of clients) {
      const exitCode = this.#exitCodeOf(client);
      const running = now.running === true && exitCode === undefined && !client.hasLeft;
      const found = client.judge(expectation, { ...now, exitCode, running });
      if (found) judged.push({ client, judgement: found });
      yield;
    }
    return resultOf(expectation, judged, { doubts, running: now.running === true });
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
    if (this.#isEndMissing)
      doubts.push({ missed: true, reason: 'the recording stops before its end: what came after that is not known' });
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
    const struck = connection === undefined ? undefined : this.#seating.get(connection)?.connection;
    const asked = request === undefined ? struck : struck?.open.get(request);
    if (asked) asked.struck = true;
  }

  #noteOf(event: ConnectionEvent): void {
    if (event.connection === undefined) return;
    const seat = this.#seating.find(event.connection);
    if (!seat) return;
    const { connection } = seat;
    switch (event.type) {
      case 'connection.hello':
        connection.hello = event;
        break;
      case 'connection.secured': {
        connection.secured = event;
        for (const reading of seat.readings) reading.secured(connection);
        this.#seating.place(seat);
        break;
      }
      case 'connection.identified':
        if (event.userAgent !== undefined) connection.userAgent ??= event.userAgent;
        if (event.account !== undefined) connection.account = event.account;
        if (!seat.client && event.client !== undefined) this.#seating.name(seat, event.client, event);
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
        this.#seating.place(seat);
        for (const reading of seat.readings) reading.ruled(connection, event);
        break;
      case 'connection.queued':
      case 'connection.hung':
        connection.silence = { fromMs: event.at, untilMs: Number.POSITIVE_INFINITY };
        // It may never say more of itself.
        this.#seating.place(seat);
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
    const seat = this.#seating.get(id);
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
    if (event.unreadable !== undefined) beats.unreadable = event;
    else {
      const sure = beats.lastSure ?? opened;
      if (sure) beats.longestSureGapMs = Math.max(beats.longestSureGapMs, this.#time.between(sure, event));
      beats.lastSure = event;
    }
    // A clock is off for all of them. One that is older waited somewhere.
    const known = beats.skewMs ?? Number.POSITIVE_INFINITY;
    if (event.judgedBy === 'client' && Math.abs(event.ageMs) < Math.abs(known)) beats.skewMs = event.ageMs;
  }

  #noteRequest(event: JournalEvent<'request.received'>): void {
    const seat = this.#seating.find(event.connection);
    if (!seat) return;
    const { connection } = seat;
    const request = new Request(connection, event);
    connection.requests++;
    connection.busyAt = event.at;
    connection.open.set(event.request, request);
    if (!seat.client && event.client !== undefined) this.#seating.name(seat, event.client, event);
    // Neither does it say who sent it, nor has another on its connection.
    if (!seat.client) this.#seating.place(seat);
    if (event.client !== undefined && seat.client && event.client !== seat.client.identity)
      this.#seating.noteForeign(request, event.client);
    else seat.client?.noteUse(request);
    this.#strikes.request(request);
    for (const watch of this.#ears.request) watch.request?.(request);
    const readings = request.foreign ?? seat.readings;
    for (const reading of readings) reading.requests++;
    request.isEarly = bringsBody(event.method);
    if (request.isEarly) return;
    request.readings = readings;
    for (const reading of readings) reading.request(request);
  }

  #noteNews(event: RequestEvent): void {
    if (event.connection === undefined || event.request === undefined) return;
    const seat = this.#seating.get(event.connection);
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
        for (const reading of request.readings) reading.task(request);
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
    if (!request.isEarly) return;
    request.isEarly = false;
    request.readings = request.foreign ?? seat.readings;
    for (const reading of request.readings) {
      reading.request(request);
      if (endOf(request)) reading.requestEnded(request);
    }
  }

  #noteEnd(seat: Seat, request: Request): void {
    this.#following.noteEnd(request);
    request.endedBadly = mayRepeat(request);
    if (request.endedBadly) seat.connection.spoilt = true;
    // A refusal may go out before the body has come by which the call is known. What is cut brings no body any more.
    if (!request.isEarly) for (const reading of request.readings) reading.requestEnded(request);
    else if (request.cut) this.#ready(seat, request);
    request.endedAt = this.#time.at(request.answer ?? request.cut ?? request.received);
    this.#settling.push(request);
  }

  #settleUpTo(now: JournalEvent): void {
    // Of the many events of one millisecond the first settles what there is to settle.
    if (now.at === this.#settledAt) return;
    this.#settledAt = now.at;
    const before = this.#time.at(now) - SETTLED_AFTER_MS;
    for (;;) {
      const request = this.#settling[this.#settled];
      if (!request || request.endedAt > before) break;
      this.#settled++;
      // While nothing passes, its client may leave without it.
      if (!isSilent(request.connection, now)) this.#settle(request);
    }
    // What is settled makes room at times, not each time.
    if (this.#settled > 1_000) {
      this.#settling.splice(0, this.#settled);
      this.#settled = 0;
    }
    if (now.at - this.#expiredAt < EXPIRE_EVERY_MS) return;
    this.#expiredAt = now.at;
    for (const client of this.#seating.clients()) client.expire(now);
  }

  #settle(request: Request): void {
    // Its connection has ended, and it with that.
    if (!request.connection.open.delete(request.number)) return;
    const seat = request.isEarly ? this.#seating.get(request.connection.id) : undefined;
    if (seat) this.#ready(seat, request);
    this.#following.settle(request);
    // Most requests go well, and most checks do not ask when they are over. The first reading is looked at by all checks.
    if (!isPlain(request) || request.readings[0]?.hearsEnds)
      for (const reading of request.readings) reading.over(request);
    for (const watch of this.#ears.over) watch.over?.(request);
  }

  #end(seat: Seat, event: JournalEvent<'connection.ended'>): void {
    const { connection } = seat;
    connection.ended = event;
    this.#seating.place(seat);
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
    this.#seating.end(seat, event);
  }
}
