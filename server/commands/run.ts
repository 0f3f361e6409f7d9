import { setTimeout } from 'node:timers';
import { Clock } from '../clock.ts';
import { problem, renderProblem, UsageError } from '../errors.ts';
import { unwritable, writeWhole } from '../files.ts';
import type { LogFormat } from '../log.ts';
import type { MockServer, StartOptions } from '../mock-server.ts';
import { printableLine } from '../printable.ts';
import { isTerminal } from '../seedance/task.ts';
import { type ReportFormat, reportFormatNames, reportFormats } from '../verdict/reports/formats.ts';
import { renderTextReport } from '../verdict/reports/text.ts';
import { exitCodes } from '../verdict/verdict.ts';
import { describeEnds, environmentOfCopy, nameCopies } from './copies.ts';
import type { Ending } from './ending.ts';
import { openServer } from './open-server.ts';
import type { Host } from './output.ts';
import { type CommandOutput, runCommand } from './run-command.ts';
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
  /** How many copies of the command run at once; left out, it runs once, as it is. */
  readonly copies?: number;
  /** How long the command may take, in real time; left out, as long as it likes. */
  readonly timeoutMs?: number;
  /** How long open tasks may take to settle after the command has ended, in real time. */
  readonly settleMs: number;
}

/** How long the reports may take to write after a signal. */
const REPORT_MS = 500;
const LOOK_EVERY_MS = 50;

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
  const { command, report: targets, log, copies, timeoutMs, settleMs, ...start } = options;
  const stopped = ending.serve();
  ending.exitCode = exitCodes.fail;
  const { journalCapacity = JUDGED_EVENTS } = start;
  await using serving = await openServer({ ...start, journalCapacity }, ending);
  const { server } = serving;
  await serving.log(log, host.stdout);
  const shared = await environmentOf(server, command);
  const names = nameCopies(copies);
  const ends = await Promise.all(
    names.map(async (name) => {
      const env = { ...shared, ...environmentOfCopy(name, { copies, upstream: start.upstream }) };
      const { stdout, stderr } = host;
      const output: CommandOutput = names.length === 1 ? 'own' : { stdout, stderr, prefix: `${name} | ` };
      const ended = await runCommand(command, { env, output, timeoutMs, stopped, ending });
      const { how, code } = ended;
      server.journal.append({ type: 'command.ended', copy: name, how, ...(code !== undefined && { code }) });
      return ended;
    }),
  );
  await settle(server, settleMs, stopped);

  const { report } = await server.verdict();
  const events = server.journal.events();
  ending.exitCode = ends.every(({ well }) => well) ? exitCodes[report.outcome] : exitCodes.fail;
  const text = renderTextReport(report, { colours: host.stdout.isTTY === true });
  host.stdout.write(`\n${text}${describeEnds(ends).map(printableLine).join('\n')}\n`);
  const closing = server.close();
  const failed = await ending.hold(writeReports(targets, { report, events }, stopped));
  for (const one of failed) host.stderr.write(`${renderProblem(one)}\n`);
  if (!ends.every(({ started }) => started) || failed.length > 0) ending.exitCode = exitCodes.usage;
  // As long as the reports take; from here on there is nothing to wait for but the end of connections.
  ending.limit();
  await closing;
  const { unrecorded = 0 } = server;
  if (unrecorded > 0)
    host.stderr.write(`${unrecorded} events are not in the recording in ${printableLine(start.record ?? '')}.\n`);
  return ending.exitCode;
}

/** Enough for half an hour of polling; each takes about 200 bytes. */
const JUDGED_EVENTS = 500_000;

/** What every copy has to know, in the variables that the languages look at. */
const environmentOf = async ({ url, adminUrl, caFile }: MockServer, command: readonly string[]) => ({
  ...process.env,
  SEEDANCE_BASE_URL: `${url}/api/v3`,
  ARK_BASE_URL: `${url}/api/v3`,
  SEEDANCE_MOCK_ADMIN: adminUrl,
  ...(await trustEnvironment(caFile, command)),
});

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
