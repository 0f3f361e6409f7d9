import type { z } from 'zod';
import type { JournalEvent, Moment } from '../journal.ts';
import type { TaskTally } from '../task-tally.ts';
import type { Call } from './calls.ts';
import type { ClientTime } from './client-time.ts';
import type { Comeback } from './comebacks.ts';
import type { Connection, Request } from './facts.ts';
import type { Following } from './following.ts';
import type { Tally } from './tally.ts';

/** `inconclusive`: what would tell did not happen, or could not be seen. Never a silent pass. */
export type Outcome = 'pass' | 'fail' | 'inconclusive';

/** What a check found. */
export interface Judgement {
  readonly outcome: Outcome;
  /** One sentence of what was seen, without a full stop. */
  readonly seen: string;
  /** The sequence numbers of the events that prove it; a report shows the first few. */
  readonly events: readonly number[];
  /** How many such events there are; left out, as many as are named. */
  readonly eventCount?: number;
  /** Of a failure, which of the check's findings it is: `too fast`. */
  readonly finding?: string;
  /** Of a failure, what to change in the client; of what is inconclusive, how to learn more. */
  readonly hint?: string;
  /** What was measured, for whoever reads the report by program. */
  readonly figures?: Readonly<Record<string, number>>;
  /** Of what is inconclusive: it has two readings, so the check must not pass because another client does. */
  readonly doubtful?: true;
  /** Of a failure, that it shows its connections to be one program's. */
  readonly oneProgram?: true;
  /** Of a failure, that it rests on something that has not happened: an event that was lost could refute it. */
  readonly provisional?: true;
}

/** What a check cannot do without. */
export type Reliance =
  /** Resets that reach the client as resets: a proxy may turn them into FINs. */
  | 'resets'
  /** Connections on which single HTTP/2 frames can be seen. */
  | 'frames'
  /** HTTP/2 on offer. */
  | 'h2';

/** What a check hears of a client, in the order of the journal. It writes what it sees into its tally. */
export interface ClientWatch {
  /** It hears of connections to the storage as well, where the service's rules do not apply, and of requests on them. */
  readonly hearsStorage?: true;
  opened?(connection: Connection): void;
  hello?(connection: Connection): void;
  secured?(connection: Connection): void;
  /** A request came; its body, if it has one, has been read. */
  request?(request: Request): void;
  task?(request: Request, call: Call): void;
  /** An answer has gone out; whether it arrives whole is not known yet. */
  answered?(request: Request): void;
  /** A request has ended for good: answered whole, or cut. */
  over?(request: Request): void;
  goaway?(connection: Connection): void;
  lateStream?(connection: Connection, event: JournalEvent<'stream.late'>): void;
  ruled?(connection: Connection, event: JournalEvent<'rule.applied'>): void;
  ended?(connection: Connection): void;
  /** But for its PINGs a connection would have been silent for longer than the service allows. Told once for each silence. */
  keptAlive?(connection: Connection, ping: JournalEvent<'heartbeat'>): void;
  /** It came back from a failure for sure. `judge` gets those that may be none. */
  comeback?(comeback: Comeback): void;
  /** Nothing more is expected of a call. */
  callOver?(call: Call): void;
}

/** What a check hears of a run. */
export interface RunWatch {
  /** Anything happened, but that a request came or was answered: there are too many of these. */
  event?(event: JournalEvent): void;
  request?(request: Request): void;
  /** A request of any client has been answered; whether the answer arrived whole is not known yet. */
  answered?(request: Request): void;
  over?(request: Request): void;
}

/** What is known of a run as a whole, as it goes on. */
export interface Run {
  readonly time: ClientTime;
  readonly following: Following;
  readonly tasks: TaskTally;
}

/** The same, for a client. */
export interface ClientRun extends Run {
  readonly calls: Calls;
}

/** What the requests of a client are attempts at. */
export interface Calls {
  /** The call of a request, until that is settled. */
  of(request: Request): Call;
  /** The same, where there is more to know of the call than this one attempt: it had another, or bears an id, or failed. Cheaper. */
  known(request: Request): Call | undefined;
}

/** The moment of judging: what is open now, and how to measure up to it. */
export interface Now extends Run {
  /** The newest event, and the moment: up to then the run is known, and what is open was open. */
  readonly latest: Moment;
  /** The client is still at work, or may be: who waits for its next attempt has not given up. */
  readonly running?: boolean | undefined;
}

/** The same, for a client. */
export interface ClientMoment extends Now {
  /** With what the command that `run` started for it has ended; left out where that is not known. */
  readonly exitCode?: number | undefined;
}

/** The same, with what is open of the client. */
export interface ClientNow extends ClientMoment {
  readonly openConnections: Iterable<Connection>;
  readonly openCalls: Iterable<Call>;
  /** Requests that have ended, and of which `over` has not told yet. */
  readonly unsettled: Iterable<Request>;
  /** Comebacks that more events may show to be none. */
  readonly comebacks: Iterable<Comeback>;
}

/** How a check watches and judges. `watch` is called once for each client, or for the run. */
interface Procedure<W, S, N, P, J = Judgement> {
  /** @param tally where to note what is seen */
  readonly watch: (tally: Tally, params: P, run: S) => W;
  /** Judges by what was noted. It changes nothing, for more may come: what is open now it may note in this tally, a copy. */
  readonly judge: (tally: Tally, params: P, now: N, watch: W) => J;
}

interface Definition<N extends string, S extends z.ZodType, C extends ClientWatch, R extends RunWatch> {
  /** Kebab case, as under `expect:`. */
  readonly name: N;
  /** One sentence for `list`, the reference and the JSON Schema. */
  readonly summary: string;
  /** How exactly it is judged, in Markdown, for the reference. */
  readonly definition: string;
  readonly params: S;
  readonly relies?: readonly Reliance[];
  /** It would blame several programs that it takes for one: what it blames has to hold for each connection by itself. */
  readonly mergeSensitive?: true;
  /** What is expected, in words that follow "expected". */
  readonly expects: (params: z.output<S>) => string;
  /** Judges each client by itself. */
  readonly client?: Procedure<C, ClientRun, ClientNow, z.output<S>>;
  /** Judges the run as a whole, where what is judged is no client of the service: a receiver of callbacks. Undefined where it
   * has nothing to say. */
  readonly run?: Procedure<R, Run, Now, z.output<S>, Judgement | undefined>;
}

/** A procedure whose parameters are bound. */
export interface Bound<W, S, N, J = Judgement> {
  readonly watch: (tally: Tally, run: S) => W;
  readonly judge: (tally: Tally, now: N, watch: W) => J;
}

/** A check as a scenario expects it, its parameters checked and bound. */
export interface Expectation {
  readonly check: string;
  readonly expected: string;
  readonly relies: readonly Reliance[];
  readonly mergeSensitive: boolean;
  readonly client: Bound<ClientWatch, ClientRun, ClientNow> | undefined;
  readonly run: Bound<RunWatch, Run, Now, Judgement | undefined> | undefined;
}

/** A check as the table holds it. */
export interface Check {
  readonly name: string;
  readonly summary: string;
  readonly definition: string;
  readonly params: z.ZodType;
  readonly relies: readonly Reliance[];
  /** Binds parameters that `params` has accepted. */
  readonly bind: (params: unknown) => Expectation;
}

/** A table row that still knows its own name and parameters. */
export interface CheckRow<N extends string, S extends z.ZodType> extends Check {
  readonly name: N;
  readonly params: S;
}

/** Turns a definition into a table row: the type of `params` is known here and nowhere else. */
export function defineCheck<
  const N extends string,
  S extends z.ZodType,
  C extends ClientWatch = ClientWatch,
  R extends RunWatch = RunWatch,
>(definition: Definition<N, S, C, R>): CheckRow<N, S> {
  const { name, summary, params, relies = [], mergeSensitive = false, expects, client, run } = definition;
  return {
    name,
    summary,
    definition: definition.definition,
    params,
    relies,
    bind: (given) => {
      const checked = given as z.output<S>;
      return {
        check: name,
        expected: expects(checked),
        relies,
        mergeSensitive,
        client: client && bindTo(client, checked),
        run: run && bindTo(run, checked),
      };
    },
  };
}

const bindTo = <V, W extends V, S, N, P, J>(
  { watch, judge }: Procedure<W, S, N, P, J>,
  params: P,
): Bound<V, S, N, J> => ({
  watch: (tally, run) => watch(tally, params, run),
  // It gets back what it has made.
  judge: (tally, now, made) => judge(tally, params, now, made as W),
});

/** The judgements that most checks come to. */
export const pass = (seen: string, more: Omit<Judgement, 'outcome' | 'seen' | 'finding' | 'hint'>): Judgement => ({
  outcome: 'pass',
  seen,
  ...more,
});
export const fail = (
  seen: string,
  more: Omit<Judgement, 'outcome' | 'seen'> & Required<Pick<Judgement, 'finding' | 'hint'>>,
): Judgement => ({ outcome: 'fail', seen, ...more });
export const inconclusive = (
  seen: string,
  { events = [], eventCount }: Partial<Pick<Judgement, 'events' | 'eventCount'>> = {},
): Judgement => ({ outcome: 'inconclusive', seen, events, ...(eventCount !== undefined && { eventCount }) });

/** What may be read in two ways, both of which `seen` names. */
export const doubtful = (seen: string, proofs: Pick<Judgement, 'events'> & Partial<Judgement>): Judgement => ({
  outcome: 'inconclusive',
  seen,
  doubtful: true,
  ...proofs,
});

/** Why nothing is left to judge: a rule of silence cut these connections, sooner than the service does. */
export const onlyHurried = (count: number, proofs: Pick<Judgement, 'events'> & Partial<Judgement>): Judgement =>
  inconclusive(
    `a rule cut ${many(count, 'connection')} after less silence than the service allows: the lane's clock runs ahead`,
    proofs,
  );

/** A count with its noun: `1 request`, `2 requests`. */
export const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A share as `79.9 %`: rounded down, so that what falls short of a bound never looks as if it met it. */
export const percent = (share: number): string => `${Math.floor(share * 1_000 + 1e-9) / 10} %`;
