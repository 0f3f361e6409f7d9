import { setFlagsFromString } from 'node:v8';
import { problem, UsageError } from '../errors.ts';
import { writeWhole } from '../files.ts';
import type { LogFormat } from '../log.ts';
import type { MockServer, StartOptions } from '../mock-server.ts';
import { printableLine } from '../printable.ts';
import { findScenario, readScenario } from '../scenario/bundled.ts';
import type { ReadScenario } from '../scenario/load.ts';
import { readOverrides } from '../scenario/overrides.ts';
import { exitCodes } from '../verdict/verdict.ts';
import type { Ending } from './ending.ts';
import { openServer } from './open-server.ts';
import type { Host } from './output.ts';

export interface ServeOptions extends Omit<StartOptions, 'scenario'> {
  /** A path, or the name of a bundled one. */
  readonly scenario?: string;
  /** Takes the scenario's file into force again at each change. */
  readonly watch?: boolean;
  readonly log: LogFormat;
  readonly readyFile?: string;
}

/** `seedance-mock serve [scenario]`: runs until SIGINT or SIGTERM.
 * @throws UsageError when the scenario has problems, a port is taken, the ready file cannot be written, there is nothing
 * to watch, nobody to answer for a DNS name, a port both a lane's and another's, or the upstream cannot be one */
export async function runServe(
  { log, readyFile, watch, ...options }: ServeOptions,
  { host, ending }: { readonly host: Host; readonly ending: Ending },
): Promise<number> {
  refuseIdleNames(options);
  refuseTakenLanePorts(options);
  const watched = watch ? findWatched(options) : undefined;
  const stop = ending.serve();
  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
  await using serving = await openServer(options, ending);
  const { server } = serving;
  // V8's own default again, which main.ts had lowered for the start.
  setFlagsFromString('--semi-space-growth-factor=2');
  await using _ = watched === undefined ? undefined : await follow(watched, { server, options, host });
  if (readyFile !== undefined) await writeWhole(readyFile, `${JSON.stringify(describeReady(server))}\n`);
  if (log === 'pretty') host.stdout.write(greet(server));
  else if (log === 'json') host.stdout.write(`${JSON.stringify({ type: 'ready', ...describeReady(server) })}\n`);
  await serving.log(log, host.stdout);
  await stopped;
  return exitCodes.pass;
}

function refuseIdleNames({ dnsName, dnsPort }: Pick<ServeOptions, 'dnsName' | 'dnsPort'>): void {
  if (dnsName === undefined || dnsPort !== undefined) return;
  const option = '--dns-name without --dns-port';
  const expected = `Name a port on which DNS is answered: \`seedance-mock serve --dns-port 5353 --dns-name ${dnsName[0]}\`.`;
  throw new UsageError([problem('INVALID_OPTION', { option, given: dnsName.join(', '), expected })]);
}

/** Or the one lane that comes to it would be refused, long after the start. */
function refuseTakenLanePorts({
  lanePorts,
  port,
  adminPort,
  storagePort,
}: Pick<ServeOptions, 'lanePorts' | 'port' | 'adminPort' | 'storagePort'>): void {
  if (!lanePorts) return;
  const { from, to } = lanePorts;
  const taken = Object.entries({ '--port': port, '--admin-port': adminPort, '--storage-port': storagePort }).find(
    ([, given]) => given !== undefined && given >= from && given <= to,
  );
  if (!taken) return;
  const expected = `${taken.join(' ')} lies between them: take ports that nothing else has, such as 9000-9015.`;
  throw new UsageError([problem('INVALID_OPTION', { option: '--lane-ports', given: `${from}-${to}`, expected })]);
}

function findWatched({ scenario }: Pick<ServeOptions, 'scenario'>): string {
  if (scenario !== undefined) return findScenario(scenario);
  const expected = 'Name the scenario file to watch: `seedance-mock serve my.yaml --watch`.';
  throw new UsageError([problem('INVALID_OPTION', { option: '--watch', given: 'no scenario', expected })]);
}

interface Following {
  readonly server: MockServer;
  readonly options: StartOptions;
  readonly host: Host;
}

async function follow(file: string, { server, options, host }: Following) {
  // Loaded when wanted, to start the sooner.
  const { watchScenario } = await import('./watch.ts');
  const read: ReadScenario = (instead) => readScenario(file, { ...readOverrides(options), ...instead });
  const watcher = await watchScenario(file, { lane: server.lane, read }, host);
  return { [Symbol.asyncDispose]: () => watcher.close() };
}

const describeReady = ({ url, adminUrl, storageUrl, upstream, dns, caFile, seed }: MockServer) => ({
  url,
  adminUrl,
  storageUrl,
  upstream,
  dns,
  caFile,
  seed,
  pid: process.pid,
});

function greet({ url, adminUrl, storageUrl, upstream, dns, caFile, seed, lane }: MockServer): string {
  const { profile } = lane.scenario;
  const name = printableLine(lane.scenario.name);
  const key = upstream === undefined ? "-H 'authorization: Bearer x'" : '-H "authorization: Bearer $ARK_API_KEY"';
  const more = [
    ...(upstream === undefined ? [] : [`  passes every call on to ${upstream}`]),
    `  admin  ${adminUrl}`,
    ...(storageUrl === undefined ? [] : [`  videos ${storageUrl}`]),
    ...(dns === undefined ? [] : [`  DNS    ${dns}`]),
    `  CA     ${caFile}`,
  ];
  return `
seedance-mock is ready on ${url} (profile ${profile}, scenario "${name}", seed ${seed})
${more.join('\n')}

Create a task:
  curl --cacert ${caFile} ${url}/api/v3/contents/generations/tasks ${key} \\
    -d '{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}'

`;
}
