import { type Expectation, inconclusive, type Judgement, type Outcome } from './check.ts';
import { type Client, nameOf } from './clients.ts';
import { MAX_EVENTS_NAMED } from './tally.ts';
import { type CheckResult, type ClientResult, type ClientSummary, sumUp } from './verdict.ts';

/** Why nothing that looks good can be trusted. */
export interface Doubt {
  /** For which checks; left out, for all. */
  readonly relies?: Expectation['relies'][number];
  /** Events are missing: even what has not happened may have. */
  readonly missed?: true;
  readonly reason: string;
}

const NO_CLIENT: Judgement = {
  ...inconclusive('no client connected'),
  hint: 'Point the client at the mock: a command of `run` finds its base URL in `SEEDANCE_BASE_URL` and `ARK_BASE_URL`.',
};

/** What a check made of a client, or of the run as a whole. */
export interface Judged {
  readonly client?: Client;
  readonly judgement: Judgement;
}

/** What a check comes to, by what it made of each client. */
export function resultOf(
  { check, expected, relies }: Expectation,
  judged: readonly Judged[],
  { doubts, running }: { readonly doubts: readonly Doubt[]; readonly running: boolean },
): CheckResult {
  const doubt = doubts.find((one) => one.relies === undefined || relies.includes(one.relies));
  const clients = (judged.length > 0 ? judged : [{ judgement: NO_CLIENT }]).map((one) => clientResultOf(one, running));
  const summary = sumUp(
    clients.map((result) => result.outcome),
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
    clients,
  };
}

/** What failed before everybody's eyes has failed, unless it rests on what an event that is missing could refute. */
function trust(outcome: Outcome, doubt: Doubt | undefined, provisional: boolean): Outcome {
  if (!doubt || outcome === 'inconclusive') return outcome;
  return outcome === 'pass' || doubt.relies || (doubt.missed && provisional) ? 'inconclusive' : 'fail';
}

function clientResultOf({ client, judgement }: Judged, running: boolean): ClientResult {
  const { events, eventCount = events.length, provisional, oneProgram: _, ...found } = judgement;
  return {
    ...(client && { client: nameOf(client) }),
    ...found,
    ...(running && provisional && { provisional }),
    events: events.slice(0, MAX_EVENTS_NAMED),
    eventCount,
  };
}

/** A client as the report lists it. */
export function summarize(client: Client): ClientSummary {
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
