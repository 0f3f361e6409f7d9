import { spawn } from 'node:child_process';
import { Clock } from '../clock.ts';
import { problem, reasonOf, renderProblem, UsageError } from '../errors.ts';
import { writeWhole } from '../files.ts';
import { type LogFormat, logJournal } from '../log.ts';
import { type MockServer, type StartOptions, startMockServer } from '../mock-server.ts';
import { isTerminal } from '../seedance/task.ts';
import { type ReportFormat, reportFormatNames, reportFormats } from '../verdict/reports/formats.ts';
import { renderTextReport } from '../verdict/reports/text.ts';
import { exitCodes } from '../verdict/verdict.ts';
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

const EXIT_CANNOT_START = 2;
/** How long a command that is told to end may take before it is killed. */
const GRACE_MS = 3_000;
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

/** `seedance-mock run <scenario> -- <command>`: serves the scenario for as long as the client command runs, and judges it. An
 * interruption, whenever it comes, ends the command and the wait for tasks; the verdict is still told.
 * @throws UsageError when the scenario has problems, a port is taken, or a report cannot be written
 * @returns the exit code: 0 good, 1 the verdict or the command failed, 2 the command cannot be started, 3 inconclusive */
export async function runRun(options: RunOptions, host: Host = process): Promise<number> {
  const { command, report: targets, log, timeoutMs, settleMs, ...start } = options;
  const interrupted = interruptionOf(host);
  await using server = await startMockServer({ journalCapacity: JUDGED_EVENTS, ...start });
  const stopLogging = await logJournal(server.journal, log, host.stdout);
  const env = await environmentOf(server, command);
  const ended = await runCommand(command, { env, timeoutMs, interrupted });
  await settle(server, settleMs, interrupted);

  const { report } = await server.verdict();
  const events = server.journal.events();
  const text = renderTextReport(report, { colours: host.stdout.isTTY === true });
  host.stdout.write(`\n${text}${ended.how}\n`);
  const failed = await writeReports(targets, { report, events });
  await server.close();
  stopLogging();
  for (const one of failed) host.stderr.write(`${renderProblem(one)}\n`);
  if (!ended.started || failed.length > 0) return EXIT_CANNOT_START;
  return ended.well ? exitCodes[report.outcome] : exitCodes.fail;
}

/** From here on: what is started later could outlive a process that is not ready for its end. */
function interruptionOf(host: Host): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => controller.abort();
  host.on('SIGINT', interrupt);
  host.on('SIGTERM', interrupt);
  return controller.signal;
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
  readonly interrupted: AbortSignal;
}

const WAS_INTERRUPTED = 'was interrupted';

function runCommand([program = '', ...args]: readonly string[], { env, timeoutMs, interrupted }: CommandSetting) {
  if (interrupted.aborted) return { how: `command: ${WAS_INTERRUPTED}`, well: false, started: true };
  return new Promise<Ended>((resolve) => {
    // A group of its own, so that what it has started ends with it. Such a group may not read from a terminal.
    const child = spawn(program, args, {
      env,
      stdio: [process.stdin.isTTY ? 'ignore' : 'inherit', 'inherit', 'inherit'],
      detached: process.platform !== 'win32',
    });
    let stopped: string | undefined;
    const signal = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(process.platform === 'win32' ? child.pid : -child.pid, name);
      } catch {
        // It has ended meanwhile.
      }
    };
    const timers: NodeJS.Timeout[] = [];
    const stop = (why: string) => {
      stopped ??= why;
      signal('SIGTERM');
      timers.push(setTimeout(() => signal('SIGKILL'), GRACE_MS));
    };
    const interrupt = () => stop(WAS_INTERRUPTED);
    interrupted.addEventListener('abort', interrupt);
    if (timeoutMs !== undefined)
      timers.push(setTimeout(() => stop(`ran into the time-out of ${timeoutMs} ms`), timeoutMs));
    const end = (ended: Ended) => {
      for (const timer of timers) clearTimeout(timer);
      interrupted.removeEventListener('abort', interrupt);
      resolve(ended);
    };
    child.on('error', (error) =>
      end({ how: `command: cannot be started: ${reasonOf(error)}`, well: false, started: false }),
    );
    child.on('exit', (code, by) => {
      const how = stopped ?? (code === null ? `was ended by ${by}` : `exit code ${code}`);
      end({ how: `command: ${how}`, well: code === 0 && stopped === undefined, started: true });
    });
  });
}

/** Waits until no task is on its way any more, within bounds: whoever looks after them may be gone. */
async function settle({ tasks, clock }: MockServer, limitMs: number, interrupted: AbortSignal): Promise<void> {
  // Real time, however fast the lane's runs: it is the user's patience that is bounded.
  const patience = new Clock();
  const startedAt = patience.now();
  while (clock.mode === 'real' && patience.now() - startedAt < limitMs && !interrupted.aborted) {
    if (tasks.all().every(isTerminal)) return;
    await patience.sleep(LOOK_EVERY_MS);
  }
}

/** @returns a problem for each that cannot be written; the others are */
async function writeReports(
  targets: readonly ReportTarget[],
  input: Parameters<(typeof reportFormats)['json']['render']>[0],
) {
  const problems = await Promise.all(
    targets.map(async ({ format, file }) => {
      try {
        await writeWhole(file, await reportFormats[format].render(input));
        return [];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return error.problems;
      }
    }),
  );
  return problems.flat();
}
