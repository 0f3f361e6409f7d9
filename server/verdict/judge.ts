import type { Journal } from '../journal.ts';
import { type Expectation, inconclusive, type Judgement, type Outcome } from './check.ts';
import { nameOf } from './clients.ts';
import { type Client, type Connection, type Evidence, gatherEvidence } from './evidence.ts';
import { type CheckResult, type ClientResult, type ClientSummary, REPORT_VERSION, sumUp, Verdict } from './verdict.ts';

/** How many of the events that prove a finding are named. */
export const MAX_EVENTS_NAMED = 20;

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

/** Judges a run by its journal alone. */
export function judge(journal: Journal, { scenario, seed, expect, resets = 'reset' }: Case): Verdict {
  const evidence = gatherEvidence(journal);
  const doubts = doubtsOf(evidence, resets);
  const checks = expect.map((expectation) => judgeBy(expectation, evidence, doubts));
  return new Verdict({
    version: REPORT_VERSION,
    scenario,
    seed,
    outcome: sumUp(
      checks.map(({ outcome }) => outcome),
      'checks',
    ),
    checks,
    clients: evidence.clients.map(summarize),
    faults: countStrikes(evidence),
    events: journal.seq - journal.dropped,
    missed: evidence.missed,
  });
}

/** Why nothing that looks good can be trusted. `relies` says for which checks; left out, for all. */
interface Doubt {
  readonly relies?: Expectation['relies'][number];
  readonly reason: string;
}

function doubtsOf(evidence: Evidence, resets: ResetFidelity): readonly Doubt[] {
  const doubts: Doubt[] = [];
  if (evidence.missed > 0)
    doubts.push({ reason: `${evidence.missed} events had made room in the journal before they were looked at` });
  const [loaded] = evidence.of('scenario.loaded');
  const armed = (loaded?.faults ?? 0) > 0 || evidence.of('fault.armed').length > 0;
  if (armed && evidence.of('fault.injected').length === 0)
    doubts.push({ reason: 'no fault of the scenario ever struck' });
  if (resets !== 'reset') {
    const why =
      resets === 'fin'
        ? 'the path to the client turns resets into FINs'
        : 'nobody knows whether a reset arrives as one';
    doubts.push({ relies: 'resets', reason: `${why}: use host networking, or a client on the same Docker network` });
  }
  return doubts;
}

function judgeBy(expectation: Expectation, evidence: Evidence, doubts: readonly Doubt[]): CheckResult {
  const { check, expected, relies } = expectation;
  const doubt = doubts.find((one) => one.relies === undefined || relies.includes(one.relies));
  const judged = expectation.judge(evidence);
  const none = judged.length === 0 ? [{ judgement: inconclusive('no client connected') }] : [];
  const clients = [...judged, ...none].map(resultOf);
  const outcome = sumUp(
    clients.map((client) => client.outcome),
    'clients',
  );
  return {
    check,
    expected,
    outcome: trust(outcome, doubt, evidence),
    ...(doubt && { doubt: doubt.reason }),
    clients,
  };
}

/** What failed before everybody's eyes has failed; but where events are missing, even that is not known. */
function trust(outcome: Outcome, doubt: Doubt | undefined, { missed }: Evidence): Outcome {
  return doubt && (outcome === 'pass' || missed > 0 || doubt.relies) ? 'inconclusive' : outcome;
}

function resultOf({ client, judgement }: { readonly client?: Client; readonly judgement: Judgement }): ClientResult {
  const { events, ...found } = judgement;
  return {
    ...(client && { client: nameOf(client) }),
    ...found,
    events: events.slice(0, MAX_EVENTS_NAMED),
    eventCount: events.length,
  };
}

function summarize(client: Client): ClientSummary {
  const { address, ja4, userAgent, connections, calls } = client;
  return {
    name: nameOf(client),
    address,
    ...(ja4 !== undefined && { ja4 }),
    ...(userAgent !== undefined && { userAgent }),
    connections: connections.length,
    requests: connections.reduce((sum, { requests }) => sum + requests.length, 0),
    calls: calls.length,
    resets: connections.filter(({ ended }) => ended?.how === 'reset' && ended.by !== 'client').length,
    rules: countRules(connections),
  };
}

function countRules(connections: readonly Connection[]): Record<string, number> {
  const rules = connections.flatMap(({ ended }) => (ended?.by === 'rule' ? (ended.cause ?? []) : []));
  return Object.fromEntries([...Map.groupBy(rules, (rule) => rule)].map(([rule, { length }]) => [rule, length]));
}

function countStrikes(evidence: Evidence): Record<string, number> {
  // Each injection of a rule has an event of its own; where a rule counts for each connection, say, several have the same ordinal.
  const strikes = Map.groupBy(evidence.of('fault.injected'), ({ fault }) => fault);
  return Object.fromEntries(
    [...strikes].map(([fault, events]) => [
      fault,
      new Set(
        events.map(({ hook, ordinal, connection, request, task }) => [hook, ordinal, connection, request, task].join()),
      ).size,
    ]),
  );
}
