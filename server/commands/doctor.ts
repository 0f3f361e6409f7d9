import { examineAll } from '../doctor/examine.ts';
import { renderDoctorReport } from '../doctor/report.ts';
import { openSubject, type SubjectSetting } from '../doctor/subject.ts';
import { examinations } from '../doctor/table.ts';
import { problem, UsageError } from '../errors.ts';
import { printableText } from '../printable.ts';
import { exitCodes } from '../verdict/verdict.ts';
import type { Output } from './output.ts';
import { trustEnvironment } from './trust.ts';

/** Where the admin API of a target is unless it is told: the default of `serve`. */
const ADMIN_PORT = 8480;

export interface DoctorOptions {
  /** Left out: this machine. */
  readonly target?: { readonly host: string; readonly port: number };
  readonly admin?: string;
  readonly adminToken?: string;
  readonly connections: number;
  readonly json?: boolean;
}

/** `seedance-mock doctor`: examines this machine, or a server that runs, and says what to do.
 * @throws UsageError for options that have no effect
 * @returns the exit code: 0 nothing failed, 1 something did */
export async function runDoctor(options: DoctorOptions, { stdout }: Pick<Output, 'stdout'> = process): Promise<number> {
  refuseIdleOptions(options);
  await using subject = await openExamined(options);
  const report = await examineAll(examinations, subject);
  const colours = stdout.isTTY === true;
  const json = options.json && printableText(JSON.stringify(report, null, 2));
  stdout.write(json ? `${json}\n` : `\n${renderDoctorReport(report, { colours })}`);
  return report.outcome === 'fail' ? exitCodes.fail : exitCodes.pass;
}

function refuseIdleOptions({ target, admin, adminToken }: DoctorOptions): void {
  if (target !== undefined) return;
  const idle = [
    ['--admin', admin],
    ['--admin-token', adminToken],
  ].find(([, given]) => given !== undefined);
  if (!idle) return;
  const option = `${idle[0]} without --target`;
  const expected = 'Name the server that it belongs to: `seedance-mock doctor --target localhost:8443`.';
  throw new UsageError([problem('INVALID_OPTION', { option, given: String(idle[1]), expected })]);
}

/** What is examined; what was opened for it goes with it. */
async function openExamined({ target, admin, adminToken, connections }: DoctorOptions) {
  const common = { connections, trustEnvironment, adminToken };
  if (target === undefined) return openMachine(common);
  const { host, port } = target;
  const guess = `http://${host.includes(':') ? `[${host}]` : host}:${ADMIN_PORT}`;
  const adminUrl = admin ?? guess;
  return openSubject({ ...common, kind: 'target', host, port, adminUrl, adminNamed: admin !== undefined });
}

async function openMachine(common: Pick<SubjectSetting, 'connections' | 'trustEnvironment'>) {
  // Loaded when it is wanted: a target is examined without.
  const { startMockServer } = await import('../mock-server.ts');
  const server = await startMockServer();
  const { hostname: host, port } = new URL(server.url);
  const { adminUrl } = server;
  const subject = await openSubject({
    ...common,
    kind: 'machine',
    host,
    port: Number(port),
    adminUrl,
    adminNamed: true,
  }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  return {
    ...subject,
    async [Symbol.asyncDispose]() {
      await subject[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
