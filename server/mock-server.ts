import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { Admin } from './admin/admin.ts';
import type { Clock } from './clock.ts';
import { problem, reasonOf, UsageError } from './errors.ts';
import type { Journal } from './journal.ts';
import { Lane } from './lane.ts';
import { collectRoutes } from './openapi/documented.ts';
import type { OtlpExporter } from './otlp/exporter.ts';
import { readScenario } from './scenario/bundled.ts';
import { type LoadOptions, loadScenario, type ScenarioInput } from './scenario/load.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { ProfileName } from './scenario/service.ts';
import { registerApi } from './seedance/api.ts';
import { Callbacks } from './seedance/callbacks.ts';
import { registerHeartbeat } from './seedance/heartbeat-route.ts';
import { openRouter } from './seedance/paths.ts';
import { renderPlannedStatus } from './seedance/planned-status.ts';
import { createTaskJson } from './seedance/task-json.ts';
import { TaskStore } from './seedance/task-store.ts';
import { Videos } from './seedance/videos.ts';
import type { Verdict } from './verdict/verdict.ts';
import { CertificateAuthority } from './wire/certificates.ts';
import type { DnsOptions, DnsResponder } from './wire/dns/responder.ts';
import { Listener } from './wire/listener.ts';
import { carryMessages } from './wire/messages.ts';
import { ownAddresses } from './wire/own-addresses.ts';

export interface StartOptions {
  /** YAML or JSON text, the same as an object, a file's path, or the name of a bundled scenario. Left out: a healthy service. */
  readonly scenario?: string | ScenarioInput;
  /** Takes the place of the scenario's profile. */
  readonly profile?: ProfileName;
  /** Takes the place of the scenario's seed. */
  readonly seed?: number;
  /** `manual` stands still until `clock.advance()`; a number is lane seconds per real second. */
  readonly clock?: 'manual' | number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly adminHost?: string;
  /** Default 0: a free one. */
  readonly adminPort?: number;
  /** UDP and TCP port of the DNS responder; 0 takes a free one, left out: none. It listens on `host`. */
  readonly dnsPort?: number;
  /** Names that it answers for beside the known ones (localhost, *.localhost, *.volces.com, *.bytepluses.com); `*` stands for anything. */
  readonly dnsName?: readonly string[];
  /** What the admin port asks for as a bearer token; left out: nothing. */
  readonly adminToken?: string;
  /** Scheme and authority of result URLs; left out: those of the request. */
  readonly publicUrl?: string;
  /** An OpenTelemetry collector that takes the journal as log records: its base URL for OTLP over HTTP; left out: none. */
  readonly otlp?: string;
  /** How many events the journal keeps; older ones make room. */
  readonly journalCapacity?: number;
  /** File to which TLS secrets are appended, in the format that Wireshark reads (SSLKEYLOGFILE). */
  readonly keylog?: string;
}

/** A running server. `await using` closes it, and throws if it met a bug of its own: no test may pass over one. */
export interface MockServer extends AsyncDisposable {
  /** Scheme and authority; the API is under `/api/v3`. */
  readonly url: string;
  readonly adminUrl: string;
  /** Address and port of the DNS responder, as `dns.setServers()` takes it; absent when there is none. */
  readonly dns?: string;
  /** The certificate authority that a client has to trust, PEM. */
  readonly ca: string;
  /** The same as a file; it goes with the server. */
  readonly caFile: string;
  readonly seed: number;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly tasks: TaskStore;
  /** Judges the client by what the scenario expects, as far as the run has come. */
  verdict(): Promise<Verdict>;
  close(): Promise<void>;
}

/** Starts a server: everything is wired here, in the order in which a call passes through it.
 * @throws UsageError when the scenario has problems, a port cannot be had, or the keylog cannot be written */
export async function startMockServer(options: StartOptions = {}): Promise<MockServer> {
  const { host = '127.0.0.1', port = 0, adminHost = '127.0.0.1', adminPort = 0 } = options;
  const { journalCapacity } = options;
  const lane = new Lane('main', takeScenario(options), journalCapacity === undefined ? {} : { journalCapacity });
  if (options.keylog !== undefined) await openKeylog(options.keylog);
  const tasks = new TaskStore(lane);
  const videos = new Videos(lane);

  const app = Fastify(openRouter);
  const apiRoutes = collectRoutes(app);
  const shortcut = registerApi(app, {
    lane,
    tasks,
    videos,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
  });
  registerHeartbeat(app);
  const handle = carryMessages(app, { renderStatus: renderPlannedStatus, shortcut });
  await app.ready();
  const callbacks = new Callbacks({ lane, tasks, renderTask: createTaskJson(videos) });

  const authority = await CertificateAuthority.create(lane.clock.wallNow());
  const listener = await Listener.create(lane, authority, { names: ownAddresses(host), handle });
  const admin = await Admin.create({
    lane,
    tasks,
    callbacks,
    listener,
    ca: authority.pem,
    token: options.adminToken,
    apiRoutes,
  });
  if (options.keylog !== undefined) keepTlsSecrets(listener, lane.journal, options.keylog);

  const directory = await mkdtemp(join(tmpdir(), 'seedance-mock-'));
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, authority.pem);

  let dns: DnsResponder | undefined;
  let otlp: OtlpExporter | undefined;
  const shutDown = async () => {
    tasks.close();
    await callbacks.close();
    await Promise.all([listener.close(), admin.close(), dns?.close()]);
    await otlp?.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= shutDown();
    return closing;
  };
  try {
    const url = `https://${nameOf(host)}:${await listener.listen(host, port)}`;
    const adminUrl = `http://${nameOf(adminHost)}:${await admin.listen(adminHost, adminPort)}`;
    const { dnsPort, dnsName: names = [] } = options;
    if (dnsPort !== undefined) dns = await startDns(lane, { host, port: dnsPort, names });
    if (options.otlp !== undefined) otlp = await startOtlp(lane, options.otlp);
    admin.ready = true;
    const { journal, clock, seed } = lane;
    return {
      url,
      adminUrl,
      ...(dns && { dns: dns.address }),
      ca: authority.pem,
      caFile,
      seed,
      journal,
      clock,
      lane,
      tasks,
      verdict: async () => lane.verdict(),
      close,
      [Symbol.asyncDispose]: async () => {
        await close();
        throwBugs(journal);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Loaded when it is wanted: few servers have one, and each would start the later for it. */
async function startDns(lane: Lane, options: DnsOptions): Promise<DnsResponder> {
  const { DnsResponder } = await import('./wire/dns/responder.ts');
  return DnsResponder.listen(lane, options);
}

/** Loaded when it is wanted, as above. */
async function startOtlp({ journal, id, seed }: Lane, endpoint: string): Promise<OtlpExporter> {
  const { OtlpExporter } = await import('./otlp/exporter.ts');
  return new OtlpExporter(journal, { endpoint, attributes: { 'seedance.lane': id, 'seedance.seed': seed } });
}

/** How a client on this machine calls an address that we listen on. */
function nameOf(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

/** @throws Error that tells each bug in the journal */
function throwBugs(journal: Journal): void {
  const bugs = journal.events('bug').map(({ message, stack }) => stack ?? message);
  if (bugs.length > 0) throw new Error(`seedance-mock met ${bugs.length} bugs of its own:\n${bugs.join('\n')}`);
}

/** What cannot be a scenario's text, for want of a colon: a path or a name. Other paths are known by the file being there. */
const PATH_OR_NAME = /^[^\s:{}]+$/;

function takeScenario(options: StartOptions): Scenario {
  const { scenario = {} } = options;
  const isPath = typeof scenario === 'string' && (PATH_OR_NAME.test(scenario) || existsSync(scenario));
  return isPath ? readScenario(scenario, overridesOf(options)) : loadScenario(scenario, overridesOf(options));
}

/** What takes the place of the scenario's own, whichever scenario it is. */
export const overridesOf = ({ profile, seed, clock }: StartOptions): Omit<LoadOptions, 'file'> => ({
  profile,
  seed,
  clock: clock === undefined ? undefined : clock === 'manual' ? MANUAL : { speed: clock, mode: 'real' },
});

const MANUAL = { speed: 1, mode: 'manual' } as const;

/** Secrets come later, one by one: a file that cannot be written is to be told of now.
 * @throws UsageError FILE_UNWRITABLE */
async function openKeylog(file: string): Promise<void> {
  try {
    await appendFile(file, '');
  } catch (error) {
    throw new UsageError([problem('FILE_UNWRITABLE', { file, reason: reasonOf(error) })]);
  }
}

function keepTlsSecrets(listener: Listener, journal: Journal, file: string): void {
  listener.onTlsSecret((line) => {
    appendFile(file, line).catch((error: unknown) =>
      journal.append({ type: 'bug', message: `keylog: ${reasonOf(error)}` }),
    );
  });
}
