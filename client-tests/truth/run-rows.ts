import { setTimeout } from 'node:timers';
import type { JournalEvent, MockLane, MockServer } from '../../server/index.ts';
import { isTerminal } from '../../server/seedance/task.ts';
import type { Outcome } from '../../server/verdict/check.ts';
import { sumUp, type VerdictReport } from '../../server/verdict/verdict.ts';
import { startProgram } from '../cli/run-client.ts';
import { isThere } from './needs.ts';
import type { CommandOf } from './programs.ts';
import { allowed, detailOf, listOf, type Mode, nameOf, outcomeOf, type Row, type Wants } from './row.ts';
import { COPIES, type Part, requiredIn, SPEED, sceneOf } from './scene.ts';

/** What a check found of a row. */
export interface Found {
  readonly row: string;
  readonly mode: Mode;
  readonly check: string;
  readonly wants: Wants;
  readonly outcome: Outcome;
  readonly finding?: string;
  /** What the report says of it. */
  readonly seen: string;
  readonly right: boolean;
  /** That copies were taken for one client. */
  readonly missed?: string;
  /** The lines of the journal around what the report refers to; of what is wrong alone. */
  readonly around: readonly string[];
}

/** What came of a row in a mode. */
export interface RowResult {
  readonly row: string;
  readonly mode: Mode;
  readonly found: readonly Found[];
  /** The needs that do not exist yet: nothing is judged. */
  readonly notYet: readonly string[];
  /** What is wrong with the row itself: its program failed, a fault of it never struck. */
  readonly problems: readonly string[];
}

/** A client that takes longer is stuck. */
const PROGRAM_LIMIT = { limitMs: 25_000 };
/** How long tasks and connections may take to end once the programs have ended. */
const SETTLE_MS = 4_000;
const LOOK_EVERY_MS = 20;
const SECOND_MS = 1_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The processes that run a row in a mode, by the names under which they are struck. */
export function partOf(row: Row, mode: Mode): Part {
  const count = mode === 'copies' ? COPIES : (row.processes ?? 1);
  return { row, processes: Array.from({ length: count }, (_, index) => `${nameOf(row)}#${index + 1}`) };
}

/** Runs rows together in a lane of their own, and compares the verdict on each with what it must be. */
export async function runRows(
  server: MockServer,
  { rows, mode, seed, commandOf }: { rows: readonly Row[]; mode: Mode; seed: number; commandOf: CommandOf },
): Promise<readonly RowResult[]> {
  const parts = rows.map((row) => partOf(row, mode));
  await using lane = await server.openLane({ scenario: sceneOf(parts, mode), seed, ...clockOf(mode) });
  const stop = mode === 'manual' ? driveByHand(lane) : async () => {};
  try {
    const failures = await Promise.all(
      parts.flatMap(({ row, processes }) => processes.map((name) => runProcess(lane, row, { name, commandOf }))),
    );
    await settle(lane, rows);
    const { report } = await lane.verdict();
    return rows.map((row) => {
      const notYet = (row.needs ?? []).filter((need) => !isThere(need));
      const failed = failures.filter((failure) => failure?.row === row).map((failure) => failure?.problem ?? '');
      return {
        row: nameOf(row),
        mode,
        found: notYet.length > 0 ? [] : compare(row, { parts, mode, lane, report }),
        notYet,
        problems: [...failed, ...missedFaults(lane, row, rows)],
      };
    });
  } finally {
    await stop();
  }
}

const clockOf = (mode: Mode) =>
  mode === 'speed' ? { clock: SPEED } : mode === 'manual' ? { clock: 'manual' as const } : {};

/** A second a second, through the admin API. */
function driveByHand({ adminUrl }: MockLane): () => Promise<void> {
  let over = false;
  const drive = async () => {
    while (!over) {
      await pause(SECOND_MS);
      await fetch(`${adminUrl}/clock/advance`, { method: 'POST', body: JSON.stringify({ by: '1s' }) });
    }
  };
  const driving = drive();
  return async () => {
    over = true;
    await driving;
  };
}

async function runProcess(
  lane: MockLane,
  row: Row,
  { name, commandOf }: { readonly name: string; readonly commandOf: CommandOf },
) {
  const command = commandOf(row);
  if (!command) return { row, problem: `there is no ${row.language} on this machine` };
  const env = {
    ...process.env,
    SEEDANCE_BASE_URL: `${lane.url}/api/v3`,
    // Only the digits differ: keys of one account look alike.
    ARK_API_KEY: `ark-truth-${row.name}-${row.language}-${name.split('#')[1]}`,
    TRUTH_AGENT: `truth-${row.language}-${row.name}`,
    TRUTH_PROCESS: name,
    PYTHONDONTWRITEBYTECODE: '1',
    SSL_CERT_FILE: lane.caFile,
    NODE_EXTRA_CA_CERTS: lane.caFile,
    NO_PROXY: 'localhost',
    no_proxy: 'localhost',
  };
  await using program = startProgram(command, env, PROGRAM_LIMIT);
  const { exitCode, stderr } = await program.ended;
  return exitCode === 0 ? undefined : { row, problem: `its program ended with ${exitCode}: ${stderr.slice(-600)}` };
}

/** Waits until tasks and connections have ended, as `run` does. */
async function settle({ tasks, journal }: MockLane, rows: readonly Row[]): Promise<void> {
  const staysOpen = rows.some(({ tasksStayOpen }) => tasksStayOpen);
  for (let waited = 0; waited < SETTLE_MS; waited += LOOK_EVERY_MS) {
    const open = journal.events('connection.opened').length - journal.events('connection.ended').length;
    if (open === 0 && (staysOpen || tasks.all().every(isTerminal))) return;
    await pause(LOOK_EVERY_MS);
  }
}

/** A row whose faults do not strike is no example of anything. */
function missedFaults({ lane }: MockLane, row: Row, rows: readonly Row[]): readonly string[] {
  if (row.faultsMayMiss) return [];
  const own = rows.length === 1 ? lane.faults : lane.faults.filter(({ name }) => name.includes(`(${nameOf(row)}#`));
  return own.filter(({ struck }) => struck === 0).map(({ name }) => `the fault "${name}" never struck`);
}

interface Judged {
  readonly parts: readonly Part[];
  readonly mode: Mode;
  readonly lane: MockLane;
  readonly report: VerdictReport;
}

function compare(row: Row, judged: Judged): readonly Found[] {
  return Object.entries(requiredIn(row, judged.mode)).map(([check, wants]) => {
    const { outcome, finding, events, missed, ...result } = resultFor(row, check, judged);
    const seen = missed === undefined ? result.seen : `${missed}: ${result.seen}`;
    const accepted = check !== 'verdict' && isForRun(check, judged) ? forRun(check, judged) : allowed(wants);
    const findings = listOf(wants).flatMap((want) => (outcomeOf(want) === 'fail' ? [detailOf(want)] : []));
    const rightFinding =
      judged.parts.length > 1 || outcome !== 'fail' || findings.some((one) => one === undefined || one === finding);
    const right = missed === undefined && accepted.includes(outcome) && (!accepted.includes('fail') || rightFinding);
    const around = right ? [] : linesAround(judged.lane, events);
    return {
      ...{ row: nameOf(row), mode: judged.mode, check, wants, outcome, seen, right, around },
      ...(finding !== undefined && { finding }),
      ...(missed !== undefined && { missed }),
    };
  });
}

interface Result {
  readonly outcome: Outcome;
  readonly finding?: string | undefined;
  readonly seen: string;
  readonly events: readonly number[];
  /** Copies that were taken for one client. */
  readonly missed?: string;
}

/** What the report says of a row's clients; of copies, of each of them. */
function resultFor(row: Row, check: string, judged: Judged): Result {
  const { report, parts, mode } = judged;
  if (check === 'verdict') {
    const results = report.checks.map(({ check: one }) => resultFor(row, one, judged));
    const outcome = sumUp(
      results.map((one) => one.outcome),
      'checks',
    );
    const worst = results.find((one) => one.outcome === outcome);
    return { outcome, finding: worst?.finding, seen: worst?.seen ?? 'nothing', events: worst?.events ?? [] };
  }
  const result = report.checks.find((one) => one.check === check);
  const all = result?.clients ?? [];
  const own = all.filter(({ client }) => client === undefined || parts.length === 1 || isOf(row, client, judged));
  const failed = own.find(({ outcome }) => outcome === 'fail');
  const shown = failed ?? own.find(({ outcome }) => outcome === result?.outcome) ?? own[0];
  const seen = [result?.doubt ?? [], own.map((one) => `${one.client ?? 'run'}: ${one.outcome}, ${one.seen}`)].flat(2);
  const base = { finding: failed?.finding, seen: seen.join('; '), events: shown?.events ?? [] };
  if (parts.length === 1 && mode !== 'copies') return { ...base, outcome: result?.outcome ?? 'inconclusive' };
  // Each of them has to get its own verdict: one that is missing, or another's, is wrong.
  const outcomes = own.map(({ outcome }) => (result?.doubt && outcome === 'pass' ? 'inconclusive' : outcome));
  const wants = allowed(requiredIn(row, mode)[check] ?? []);
  const isDoubtful = own.some(({ doubtful }) => doubtful);
  const summed = isDoubtful && !outcomes.includes('fail') ? 'inconclusive' : sumUp(outcomes, 'clients');
  const outcome = mode === 'copies' ? (outcomes.find((one) => !wants.includes(one)) ?? summed) : summed;
  const isMissed = mode === 'copies' && own.length !== COPIES && own.some(({ client }) => client !== undefined);
  return isMissed ? { ...base, outcome, missed: `judged as ${own.length} instead of ${COPIES}` } : { ...base, outcome };
}

/** Whether a client of the report is one of a row's. */
function isOf(row: Row, client: string, { lane }: Judged): boolean {
  const agent = `truth-${row.language}-${row.name}`;
  const known = lane.journal.events('connection.identified').filter((event) => 'client' in event);
  const own = known.filter((event) => 'client' in event && event.client === client);
  const agents = own.length > 0 ? own.map(({ userAgent }) => userAgent) : [client];
  // A name may begin with another's.
  return agents.some((text) => text?.split(' ')[0] === agent || text?.startsWith(`${agent} `));
}

/** Whether a check judged the run as a whole. */
const isForRun = (check: string, { report, parts }: Judged): boolean =>
  parts.length > 1 &&
  (report.checks.find((one) => one.check === check)?.clients.every(({ client }) => client === undefined) ?? false);

/** What a verdict on the whole run may be: the worst of what each row asks for. */
function forRun(check: string, { parts, mode }: Judged): readonly Outcome[] {
  const each = parts.flatMap(({ row }) => {
    const wants = requiredIn(row, mode)[check];
    return wants ? [allowed(wants)] : [];
  });
  const worst = (a: Outcome, b: Outcome): Outcome =>
    [a, b].includes('fail') ? 'fail' : [a, b].includes('inconclusive') ? 'inconclusive' : 'pass';
  return each.reduce((sum, next) => [...new Set(sum.flatMap((a) => next.map((b) => worst(a, b))))]);
}

/** How many lines of the journal a report of a wrong row has. */
const MAX_LINES = 40;
const NEAR = 3;

function linesAround({ journal }: MockLane, seqs: readonly number[]): readonly string[] {
  const events = journal.events();
  const [start] = events;
  const near = events.filter(({ seq }) => seqs.length === 0 || seqs.some((one) => Math.abs(one - seq) <= NEAR));
  const lines = near.slice(0, MAX_LINES).map((event) => line(event, start?.at ?? 0));
  return near.length > MAX_LINES ? [...lines, `(${near.length - MAX_LINES} more)`] : lines;
}

function line({ seq, at, type, ...rest }: JournalEvent, startAt: number): string {
  const fields = Object.entries(rest)
    .filter(([name]) => !['tls', 'cipher', 'ja4', 'traceId', 'spanId', 'remote'].includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${String(seq).padStart(4)} +${at - startAt} ms ${type} ${fields.join(' ')}`.slice(0, 240);
}
