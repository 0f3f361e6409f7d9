import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { reasonOf } from '../../errors.ts';
import { askDaemon, type DaemonInfo, type Endpoint, endpointsOf } from '../docker-daemon.ts';
import { type Examination, type Finding, ok, warn } from '../examination.ts';
import { listProcesses, type Process } from '../processes.ts';
import { KEEP_RESETS } from './reset.ts';

const DEFAULT_SETTINGS = '/etc/docker/daemon.json';
/** How the system says that there is no such socket, or nobody behind it. */
const NOT_THERE = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'];

/** Docker's proxy for published ports ends the caller's connection with a FIN, whatever ended the one behind it. */
export const docker: Examination = {
  name: 'docker',
  summary: 'The Docker daemon, if there is one, does not turn resets into FINs on published ports.',
  async examine(_subject, signal) {
    const given = process.env.DOCKER_HOST;
    const found = await findDaemon(endpointsOf(process.env), signal);
    if ('trouble' in found) return judgeAbsence(found, given);
    const settings = await readProxySetting(found.endpoint, await listProcesses());
    return judgeProxy({ ...found.info, ...settings });
  },
};

type Trouble = { readonly trouble: string; readonly code: string | undefined };
type Found = { readonly endpoint: Endpoint; readonly info: DaemonInfo } | Trouble;

/** The first daemon that answers, or what kept the one from it that was nearest to it. */
async function findDaemon(endpoints: readonly Endpoint[], signal: AbortSignal): Promise<Found> {
  let nearest: Trouble | undefined;
  for (const endpoint of endpoints) {
    if (endpoint.kind === 'other') return { trouble: `${endpoint.url} cannot be asked from here`, code: undefined };
    try {
      return { endpoint, info: await askDaemon(endpoint, signal) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
      const trouble = { trouble: `${endpoint.url}: ${reasonOf(error)}`, code };
      if (!nearest || (isAbsent(nearest) && !isAbsent(trouble))) nearest = trouble;
    }
  }
  return nearest ?? { trouble: 'nowhere to ask', code: 'ENOENT' };
}

const isAbsent = ({ code }: Trouble) => code !== undefined && NOT_THERE.includes(code);

/** Nobody needs Docker; but whoever has set DOCKER_HOST, or has a socket, wants it. */
export function judgeAbsence(found: Trouble, given: string | undefined): Finding {
  if (!given && isAbsent(found)) return ok('no daemon here; nothing needs one');
  if (found.code === 'EACCES') {
    return warn(`a daemon, but not for this user: ${found.trouble}`, 'Join the group docker, or ask as root.');
  }
  return warn(`no daemon that answers: ${found.trouble}`, 'Start it, or set DOCKER_HOST to where it is.');
}

/** How a daemon treats published ports, as far as can be seen from here. */
export interface ProxySetting {
  /** Whether its process can be seen: one in a virtual machine, or on another host, cannot. */
  readonly visible: boolean;
  /** `userland-proxy`, where it is set; Docker's default is `true`. */
  readonly setting: boolean | undefined;
  /** How many of its proxies run: one or two for each published port. */
  readonly proxies: number;
}

/** Judges what becomes of a reset on a published port. */
export function judgeProxy({ version, system, visible, setting, proxies }: DaemonInfo & ProxySetting): Finding {
  const daemon = `Docker ${version} (${system})`;
  if (proxies > 0) {
    return warn(
      `${daemon}: ${proxies} docker-proxy ${proxies === 1 ? 'runs' : 'run'}, and each turns resets into FINs`,
      KEEP_RESETS,
    );
  }
  if (!visible) {
    return warn(
      `${daemon}: its process cannot be seen, so neither can what it does with resets on published ports`,
      'Publish a mock, and ask with `seedance-mock doctor --target HOST:PORT`.',
    );
  }
  if (setting === false) return ok(`${daemon}: userland-proxy is off, resets survive on published ports`);
  return warn(`${daemon}: userland-proxy is on, which turns resets into FINs on published ports`, KEEP_RESETS);
}

/** Reads the setting as the daemon does: from its command line, else from its file. */
async function readProxySetting(endpoint: Endpoint, processes: readonly Process[]): Promise<ProxySetting> {
  const daemon = endpoint.kind === 'unix' ? findDockerd(processes, endpoint.socketPath) : undefined;
  if (!daemon) return { visible: false, setting: undefined, proxies: 0 };
  const proxies = processes.filter(
    ({ parent, command }) => parent === daemon.pid && programOf(command) === 'docker-proxy',
  );
  const file = optionOf(daemon.command, '--config-file') ?? DEFAULT_SETTINGS;
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return { visible: true, setting: settingOf(daemon.command, text), proxies: proxies.length };
}

const programOf = ([program = '']: readonly string[]) => basename(program);

/** The daemon behind a socket: the one that was told so, else the only one that was told of no other. */
export function findDockerd(processes: readonly Process[], socketPath: string): Process | undefined {
  const daemons = processes.filter(({ command }) => programOf(command) === 'dockerd');
  const told = daemons.find(({ command }) => command.some((word) => word.endsWith(`unix://${socketPath}`)));
  if (told) return told;
  const silent = daemons.filter(({ command }) => !command.some((word) => word.includes('unix://')));
  return silent.length === 1 ? silent[0] : undefined;
}

/** `userland-proxy` of a command line, which goes before the file.
 * @param file what daemon.json holds */
export function settingOf(command: readonly string[], file: string): boolean | undefined {
  // pflag takes the value of a boolean option only behind an equals sign.
  const word = command.find((one) => /^--userland-proxy(=|$)/.test(one));
  if (word !== undefined) return !/=(false|f|0)$/i.test(word);
  try {
    const { 'userland-proxy': setting } = JSON.parse(file) as { readonly 'userland-proxy'?: unknown };
    return typeof setting === 'boolean' ? setting : undefined;
  } catch {
    // A daemon does not start with a file like this: it is of another one.
    return undefined;
  }
}

/** The value of an option, behind an equals sign or in the next word. */
function optionOf(command: readonly string[], name: string): string | undefined {
  const at = command.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return command[at]?.includes('=') ? command[at].slice(name.length + 1) : command[at + 1];
}
