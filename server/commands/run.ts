import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers';
import { Clock } from '../clock.ts';
import { problem, reasonOf, renderProblem, UsageError } from '../errors.ts';
import { unwritable, writeWhole } from '../files.ts';
import type { LogFormat } from '../log.ts';
import type { MockServer, StartOptions } from '../mock-server.ts';
import { printableLine } from '../printable.ts';
import { isTerminal } from '../seedance/task.ts';
import { type ReportFormat, reportFormatNames, reportFormats } from '../verdict/reports/formats.ts';
import { renderTextReport } from '../verdict/reports/text.ts';
import { exitCodes } from '../verdict/verdict.ts';
import type { Ending } from './ending.ts';
import { openServer } from './open-server.ts';
import type { Host } from './output.ts';
import { trustEnvironment } from './trust.ts';

/** Where a report goes. */
export interface ReportTarget {
  readonly format: ReportFormat;
  readonly file: string;
}

export interface RunOptions extends Omit<StartOptions, 'scenario'> {
  readonly scenario: string;
  readonly command: readonly string[];
  readonly report: readonly ReportTarget[];
  readonly log: LogFormat;
  /** How long the command may take, in real time; left out, as long as it likes. */
  readonly timeoutMs?: number;
  /** How long open tasks may take to settle after the command has ended, in real time. */
  readonly settleMs: number;
}

/** How long a command that is asked to end may take before it is killed. */
const GRACE_MS = 1_000;
/** How long the system may take to end one that is killed; it never ends one that another user owns. */
const KILL_MS = 200;
/** How long the reports may take to write after a signal. */
const REPORT_MS = 500;
const LOOK_EVERY_MS = 50;

/** How the command ended, in words, and whether all was well with it. */
interface Ended {
  readonly how: string;
  readonly well: boolean;
  readonly started: boolean;
}

/** Reads `junit:verdict.xml`.
 * @throws UsageError for a format that there is not */
export function readReportTarget(text: string): ReportTarget {
  const [name = '', ...rest] = text.split(':');
  const format = reportFormatNames.find((known) => known === name);
  const file = rest.join(':');
  if (format && file) return { format, file };
  const expected = `Write FORMAT:FILE, with one of ${reportFormatNames.join(', ')}: \`--report junit:verdict.xml\`.`;
  throw new UsageError([problem('INVALID_OPTION', { option: '--report', given: text, expected })]);
}

/** `seedance-mock run <scenario> -- <command>`: serves the scenario for as long as the client command runs, and judges it. A
 * signal, or an error that nothing caught, ends the command and the wait for tasks; the reports are written all the same.
 * @throws UsageError when the scenario has problems, a port is taken, or a report cannot be written
 * @returns the exit code: of the verdict, 1 when the command failed, 2 when it or a report cannot be started or written */
export async function runRun(
  options: RunOptions,
  { host, ending }: { readonly host: Host; readonly ending: Ending },
): Promise<number> {
  const { command, report: targets, log, timeoutMs, settleMs, ...start } = options;
  const stopped = ending.serve();
  ending.exitCode = exitCodes.fail;
  await using serving = await openServer({ journalCapacity: JUDGED_EVENTS, ...start }, ending);
  const { server } = serving;
  await serving.log(log, host.stdout);
  const env = await environmentOf(server, command);
  const ended = await runCommand(command, { env, timeoutMs, stopped, ending });
  await settle(server, settleMs, stopped);

  const { report } = await server.verdict();
  const events = server.journal.events();
  ending.exitCode = ended.well ? exitCodes[report.outcome] : exitCodes.fail;
  const text = renderTextReport(report, { colours: host.stdout.isTTY === true });
  host.stdout.write(`\n${text}${printableLine(ended.how)}\n`);
  const closing = server.close();
  const failed = await ending.hold(writeReports(targets, { report, events }, stopped));
  for (const one of failed) host.stderr.write(`${renderProblem(one)}\n`);
  if (!ended.started || failed.length > 0) ending.exitCode = exitCodes.usage;
  // As long as the reports take; from here on there is nothing to wait for but the end of connections.
  ending.limit();
  await closing;
  return ending.exitCode;
}

/** Enough for half an hour of polling; each takes about 200 bytes. */
const JUDGED_EVENTS = 500_000;

/** What a client has to know, in the variables that the languages look at. */
const environmentOf = async ({ url, adminUrl, caFile }: MockServer, command: readonly string[]) => ({
  ...process.env,
  SEEDANCE_BASE_URL: `${url}/api/v3`,
  ARK_BASE_URL: `${url}/api/v3`,
  ARK_API_KEY: process.env.ARK_API_KEY ?? 'ark-seedance-mock',
  SEEDANCE_MOCK_ADMIN: adminUrl,
  ...(await trustEnvironment(caFile, command)),
});

interface CommandSetting {
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number | undefined;
  readonly stopped: AbortSignal;
  readonly ending: Ending;
}

const WAS_INTERRUPTED = 'was interrupted';

function runCommand(
  [program = '', ...args]: readonly string[],
  { env, timeoutMs, stopped, ending }: CommandSetting,
): Ended | Promise<Ended> {
  if (stopped.aborted) return { how: `command: ${WAS_INTERRUPTED}`, well: false, started: true };
  return new Promise<Ended>((resolve) => {
    // A group of its own, so that what it has started ends with it. Such a group may not read from a terminal.
    const child = spawn(program, args, {
      env,
      stdio: [process.stdin.isTTY ? 'ignore' : 'inherit', 'inherit', 'inherit'],
      detached: process.platform !== 'win32',
    });
    let why: string | undefined;
    const signal = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(process.platform === 'win32' ? child.pid : -child.pid, name);
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    };
    const forget = ending.atLast(() => signal('SIGKILL'));
    const timers: NodeJS.Timeout[] = [];
    const end = (ended: Ended) => {
      for (const timer of timers) clearTimeout(timer);
      stopped.removeEventListener('abort', interrupt);
      forget();
      resolve(ended);
    };
    const stop = (reason: string) => {
      if (why !== undefined) return;
      why = reason;
      signal('SIGTERM');
      timers.push(setTimeout(kill, GRACE_MS));
    };
    const kill = () => {
      signal('SIGKILL');
      const how = `command: ${why}, and could not be killed`;
      timers.push(setTimeout(() => end({ how, well: false, started: true }), KILL_MS));
    };
    const interrupt = () => stop(WAS_INTERRUPTED);
    stopped.addEventListener('abort', interrupt);
    if (timeoutMs !== undefined)
      timers.push(setTimeout(() => stop(`ran into the time-out of ${timeoutMs} ms`), timeoutMs));
    child.on('error', (error) =>
      end({ how: `command: cannot be started: ${reasonOf(error)}`, well: false, started: false }),
    );
    child.on('exit', (code, by) => {
      // Nothing that it has started outlives a command that had to be stopped.
      if (why !== undefined) signal('SIGKILL');
      const how = why ?? (code === null ? `was ended by ${by}` : `exit code ${code}`);
      end({ how: `command: ${how}`, well: code === 0 && why === undefined, started: true });
    });
  });
}

/** Waits until no task is on its way any more, within bounds: whoever looks after them may be gone. */
async function settle({ tasks, clock }: MockServer, limitMs: number, stopped: AbortSignal): Promise<void> {
  // Real time, however fast the lane's runs: it is the user's patience that is bounded.
  const patience = new Clock();
  const startedAt = patience.now();
  while (clock.mode === 'real' && patience.now() - startedAt < limitMs && !stopped.aborted) {
    if (tasks.all().every(isTerminal)) return;
    await patience.sleep(LOOK_EVERY_MS);
  }
}

/** @returns a problem for each that cannot be written; the others are */
async function writeReports(
  targets: readonly ReportTarget[],
  input: Parameters<(typeof reportFormats)['json']['render']>[0],
  stopped: AbortSignal,
) {
  const problems = await Promise.all(
    targets.map(async ({ format, file }) => {
      try {
        await atMost(REPORT_MS, stopped, writeWhole(file, await reportFormats[format].render(input)));
        return [];
      } catch (error) {
        return (error instanceof UsageError ? error : unwritable(file, error)).problems;
      }
    }),
  );
  return problems.flat();
}

/** What comes of `work`, unless that takes longer than `ms` after `stopped` has aborted.
 * @throws Error then */
function atMost<T>(ms: number, stopped: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const hurry = () => {
      timer = setTimeout(() => reject(new Error(`it took more than ${ms} ms after the signal`)), ms);
    };
    if (stopped.aborted) hurry();
    else stopped.addEventListener('abort', hurry);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', hurry);
    });
  });
}
