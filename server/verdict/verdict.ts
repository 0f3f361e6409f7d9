import { printableLine } from '../printable.ts';
import { countEnded, type TaskCounts } from '../task-tally.ts';
import { type AmidCalls, describeAmidCalls } from './amid-calls.ts';
import { many, type Outcome, percent } from './check.ts';
import { describeLookAlikes, type LookAlikeCounts } from './look-alikes.ts';
import type { NeverStruck } from './strikes.ts';

/** What a check found of one client, or of the run. */
export interface ClientResult {
  /** How the report calls the client; absent where the run was judged as a whole. */
  readonly client?: string;
  readonly outcome: Outcome;
  readonly seen: string;
  readonly finding?: string;
  readonly hint?: string;
  /** Sequence numbers of the events that prove it, the first of them. */
  readonly events: readonly number[];
  /** How many there are in all. */
  readonly eventCount: number;
  readonly figures?: Readonly<Record<string, number>>;
  /** Of what is inconclusive: it has two readings, so the check does not pass because another client does. */
  readonly doubtful?: true;
  /** Of a failure while clients are at work: it rests on what has not happened yet, and may still change. */
  readonly provisional?: true;
}

/** Of a failure that may still change. */
export const SO_FAR = 'so far: the run goes on, and this may still change';

/** What became of one line under `expect:`. */
export interface CheckResult {
  readonly check: string;
  readonly expected: string;
  readonly outcome: Outcome;
  /** Why it cannot be told, where that lies in the run and not in a client. */
  readonly doubt?: string;
  readonly clients: readonly ClientResult[];
}

/** A client as the report lists it. */
export interface ClientSummary {
  readonly name: string;
  readonly address: string;
  readonly ja4?: string;
  readonly userAgent?: string;
  readonly connections: number;
  readonly requests: number;
  readonly calls: number;
  /** Cut by the service with a TCP reset. */
  readonly resets: number;
  /** The service's own rules that ended its connections, by name and how often. */
  readonly rules: Readonly<Record<string, number>>;
}

/** A client in one line. */
function describeClient({ name, connections, requests, calls, resets, rules }: ClientSummary): string {
  const why = Object.entries(rules).map(([rule, times]) => `${rule} ${times}`);
  const cut = why.length > 0 ? ` (service rules: ${why.join(', ')})` : '';
  const [asked, called, opened] = [say(requests, 'request'), say(calls, 'call'), say(connections, 'connection')];
  return `${name}: ${asked} for ${called} on ${opened}, ${resets} reset${cut}`;
}

/** The connections that no client is judged by, in one line; none where there are none. */
const describeUnnamed = ({ unnamed = 0 }: VerdictReport): readonly string[] =>
  unnamed > 0
    ? [`not known: ${say(unnamed, 'connection')} cut before a request named one of several clients, not judged`]
    : [];

const say = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** What happened in the run besides its clients: a line each. */
export const describeRun = (report: Omit<VerdictReport, 'means'>): readonly string[] => [
  ...describeStrikes(report.faults),
  ...(report.neverStruck ?? []).map(({ fault, reason }) => `"${fault}" never struck: it ${reason}`),
  ...describeTasks(report.tasks),
  ...describeLookAlikes(report.lookAlikes),
  ...describeAmidCalls(report.amidCalls),
  ...(report.missed > 0 ? [`${report.missed} events were lost before they were read`] : []),
];

const describeStrikes = (faults: VerdictReport['faults']): readonly string[] =>
  Object.entries(faults).map(([fault, times]) => `"${fault}" struck ${times === 1 ? 'once' : `${times} times`}`);

function describeTasks(tasks: VerdictReport['tasks']): readonly string[] {
  if (!tasks) return [];
  const { created, failed, expired, dropped, successRate } = tasks;
  if (successRate === undefined) return [`${many(created, 'task')}, of which none has come to an end`];
  const lost = Object.entries({ failed, expired, dropped }).filter(([, count]) => count > 0);
  const how = lost.length > 0 ? ` (${lost.map(([what, count]) => `${count} ${what}`).join(', ')})` : '';
  return [`${percent(successRate)} of the ${many(countEnded(tasks), 'task')} that have come to an end succeeded${how}`];
}

const ranks: Readonly<Record<Outcome, number>> = { fail: 0, inconclusive: 1, pass: 2 };

/** How many clients a report for people names, in all and for each check. JSON names every one. */
export const CLIENTS_SHOWN = 100;

/** What a check found, the worst first, of as many clients as a reader can look at; and what it found of all others, in a line. */
export function forReaders(clients: readonly ClientResult[]) {
  const ranked = clients.toSorted((a, b) => ranks[a.outcome] - ranks[b.outcome]);
  const rest = Map.groupBy(ranked.slice(CLIENTS_SHOWN), ({ outcome }) => outcome);
  const found = [...rest].map(([outcome, those]) => `${those.length} ${outcome}`).join(', ');
  const others = rest.size === 0 ? [] : [`${sayOthers(clients.length)}: ${found}`];
  return { shown: ranked.slice(0, CLIENTS_SHOWN), others };
}

/** The clients in a line each, as many as a reader can look at, with what may help them; and how many more there are. */
export const describeClients = (report: VerdictReport): readonly string[] => [
  ...report.clients.slice(0, CLIENTS_SHOWN).flatMap((client) => {
    const advice = adviceFor(client, report);
    return [describeClient(client), ...(advice === undefined ? [] : [`-> ${advice}`])];
  }),
  ...(report.clients.length > CLIENTS_SHOWN ? [sayOthers(report.clients.length)] : []),
  ...describeUnnamed(report),
];

const sayOthers = (count: number) => `and ${say(count - CLIENTS_SHOWN, 'more client')}, which the JSON report names`;

/** What may help a client that asked for nothing: of it there is nothing else to be seen. */
function adviceFor({ requests, resets, rules }: ClientSummary, { faults }: Pick<VerdictReport, 'faults'>) {
  if (requests > 0) return undefined;
  if (rules.alpn !== undefined)
    return 'The service takes only HTTP/2, by ALPN; `--profile dual-stack` lets HTTP/1.1 in too.';
  if (resets > 0 || Object.keys({ ...rules, ...faults }).length > 0) return undefined;
  return 'It asked for nothing. A client that does not trust the certificate looks like that: give it our CA, as by `SSL_CERT_FILE` or `NODE_EXTRA_CA_CERTS`.';
}

/** What a pass says, in one sentence: the checks that passed, under the faults that struck. */
function describeMeaning({ checks, clients, faults, neverStruck = [] }: Omit<VerdictReport, 'means'>): string {
  const passed = checks.filter(({ outcome }) => outcome === 'pass').map(({ expected }) => expected);
  if (passed.length === 0) return 'PASS means only: nothing in this report, for no check passed.';
  const conditions = [...describeStrikes(faults), ...neverStruck.map(({ fault }) => `"${fault}" never struck`)];
  const under =
    conditions.length > 0 ? conditions.join(', ') : 'no fault was armed beyond the rules and limits of the service';
  const who = clients.length === 1 ? 'the client' : 'the clients';
  return `PASS means only: ${who} did what these checks expect (${passed.join('; ')}), while ${under}.`;
}

/** The version of the report's shape; a field that goes or changes its meaning raises it. */
export const REPORT_VERSION = 1;

/** The verdict on a run, as every report tells it. */
export interface VerdictReport {
  readonly version: typeof REPORT_VERSION;
  readonly scenario: string;
  readonly seed: number;
  readonly outcome: Outcome;
  readonly checks: readonly CheckResult[];
  readonly clients: readonly ClientSummary[];
  /** Faults that struck, by name and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** Faults that were armed and struck nothing. Left out, none. */
  readonly neverStruck?: readonly NeverStruck[];
  /** What a client may take for a reset, though the service sent none: how often each happened. Left out, nothing. */
  readonly lookAlikes?: LookAlikeCounts;
  /** What became of the tasks. Left out, there was none. */
  readonly tasks?: TaskCounts & { readonly successRate?: number };
  /** What a pass says, and all that it says: one sentence. */
  readonly means: string;
  /** Connections that were cut before a request named their client, and may be any of several clients'. Left out, none. */
  readonly unnamed?: number;
  /** Connections that ended amid calls. Left out, none. */
  readonly amidCalls?: AmidCalls;
  /** How many events it rests on, and how many were lost before they were read. */
  readonly events: number;
  readonly missed: number;
}

/** The exit codes of the command line: of each outcome, and of what prevents one. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  usage: 2,
  inconclusive: 3,
  /** EX_SOFTWARE of sysexits(3): a bug of ours. */
  internal: 70,
} as const satisfies Readonly<Record<Outcome | 'usage' | 'internal', number>>;

/** The worst of several outcomes; of none, nothing can be told. A client of which nothing can be told does not spoil what is
 * known of the others. */
export function sumUp(outcomes: readonly Outcome[], of: 'checks' | 'clients'): Outcome {
  if (outcomes.includes('fail')) return 'fail';
  if (outcomes.length === 0 || !outcomes.includes('pass')) return 'inconclusive';
  return of === 'checks' && outcomes.includes('inconclusive') ? 'inconclusive' : 'pass';
}

/** A verdict that a test can insist on. */
export class Verdict {
  readonly report: VerdictReport;

  constructor(report: Omit<VerdictReport, 'means'>) {
    this.report = { ...report, means: describeMeaning(report) };
  }

  get outcome(): Outcome {
    return this.report.outcome;
  }

  /** The result of a check that the scenario expects, by name. */
  result(check: string): CheckResult | undefined {
    return this.report.checks.find((result) => result.check === check);
  }

  /** @throws Error that names each check that did not pass, with its events and its hint */
  assertPassed(): void {
    if (this.outcome === 'pass') return;
    throw new Error(this.explain());
  }

  /** What did not pass: each check, with its events and its hint.
   * @param expected what the verdict should have been */
  explain(expected: Outcome = 'pass'): string {
    return explainOutcome(this.report, expected);
  }
}

/** What a failed assertion says. */
function explainOutcome({ scenario, seed, outcome, checks, missed }: VerdictReport, expected: Outcome): string {
  const lines = checks
    .filter((result) => result.outcome !== 'pass')
    .flatMap(({ check, expected, doubt, clients, ...result }) => [
      `${result.outcome} ${check}: expected ${expected}`,
      ...(doubt === undefined ? [] : [`  ${doubt}`]),
      ...clients
        .filter((client) => client.outcome !== 'pass')
        .flatMap(({ client, seen, events, hint }) => [
          `  ${client === undefined ? '' : `${client}: `}${seen}${events.length > 0 ? ` (events ${events.join(', ')})` : ''}`,
          ...(hint === undefined ? [] : [`  ${hint}`]),
        ]),
    ]);
  const head = `The verdict on scenario "${scenario}", seed ${seed}, is "${outcome}"${outcome === expected ? '' : `, not "${expected}"`}.`;
  const none = checks.length === 0 ? ['It expects nothing: say under `expect:` what a client must do.'] : [];
  return [head, ...(missed > 0 ? [`${missed} events were lost before they were read.`] : []), ...none, ...lines]
    .map(printableLine)
    .join('\n');
}
