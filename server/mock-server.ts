import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { Admin } from './admin/admin.ts';
import type { Clock } from './clock.ts';
import { problem, refuseBlank, UsageError } from './errors.ts';
import { type Journal, MAX_JOURNAL_CAPACITY, MAX_RECORDING_FILES } from './journal.ts';
import { KeyLog } from './key-log.ts';
import { Lane } from './lane.ts';
import { Lanes, type OpenLane, type PortRange } from './lanes.ts';
import { isLoopback } from './listen.ts';
import type { OtlpExporter } from './otlp/exporter.ts';
import type { OwnPorts } from './own-ports.ts';
import { printableError } from './printable.ts';
import type { Recording } from './recording/recording.ts';
import { readScenario } from './scenario/bundled.ts';
import { loadScenario, type ScenarioInput } from './scenario/load.ts';
import { readOverrides } from './scenario/overrides.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { ProfileName } from './scenario/service.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';
import type { ResultPlace } from './seedance/paths.ts';
import type { TaskStore } from './seedance/task-store.ts';
import type { Upstream } from './upstream/connections.ts';
import type { UpstreamTarget } from './upstream/target.ts';
import type { Verdict } from './verdict/verdict.ts';
import { ALWAYS_COVERED, CertificateAuthority } from './wire/certificates.ts';
import type { DnsOptions, DnsResponder } from './wire/dns/responder.ts';
import type { Listener } from './wire/listener.ts';
import { ownAddresses } from './wire/own-addresses.ts';
import { World, type WorldSetting } from './world.ts';

export interface StartOptions {
  /** YAML or JSON text, the same as an object, a file's path, or the name of a bundled scenario. Left out: a healthy service. */
  readonly scenario?: string | ScenarioInput;
  /** Takes the place of the scenario's profile, and of those that `PUT /scenario` and `activate` bring. */
  readonly profile?: ProfileName;
  /** Takes the place of the scenario's seed. */
  readonly seed?: number;
  /** `manual` stands still until `clock.advance()`; a number is lane seconds per real second. */
  readonly clock?: 'manual' | number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Addresses and names by which clients call the mock, as through a forwarded port: the
   * certificate holds for them, and the admin API answers to them. */
  readonly certName?: readonly string[];
  /** Default 127.0.0.1; what is no loopback address asks for `adminToken`. */
  readonly adminHost?: string;
  /** Default 0: a free one. */
  readonly adminPort?: number;
  /** UDP and TCP port of the DNS responder; 0 takes a free one, left out: none. It listens on `host`. */
  readonly dnsPort?: number;
  /** Names that it answers for beside the known ones (localhost, *.localhost, *.volces.com, *.bytepluses.com); `*` stands for anything. */
  readonly dnsName?: readonly string[];
  /** What the admin port asks for as a bearer token; left out: nothing. */
  readonly adminToken?: string;
  /** Port of the storage, which serves the results of all lanes. Default 0: a free one. Behind an upstream there is none. */
  readonly storagePort?: number;
  /** Scheme and authority of result URLs; left out: the host of the request, and the storage port. */
  readonly publicUrl?: string;
  /** An OpenTelemetry collector that takes the journal as log records: its base URL for OTLP over HTTP; left out: none. */
  readonly otlp?: string;
  /** A service to pass the API through to, in place of answering it here: its scheme and authority; left out: none. */
  readonly upstream?: string;
  /** File of the certificate authorities that its certificate may hang on beside those that Node trusts anyway, PEM. */
  readonly upstreamCa?: string;
  /** The ports that lanes take, in order; left out: any that is free. */
  readonly lanePorts?: PortRange;
  /** How many events the journal of each lane keeps, 1 to 2,000,000; older ones are dropped.
   * Default: 20,000 for the main lane, 10,000 for others. */
  readonly journalCapacity?: number;
  /** Folder in which the journals of all lanes are recorded, for `report --record`: a new one, or
   * one without a recording in it; left out: none. */
  readonly record?: string;
  /** How many files of 64 MiB are kept of each lane, 1 to 100,000; the oldest go. Default: 16, or
   * about 5 million events. */
  readonly recordFiles?: number;
  /** File to which TLS secrets are appended, in the format that Wireshark reads (SSLKEYLOGFILE). Only its owner may read it from
   * then on (mode 0600), also when it was there before. */
  readonly keylog?: string;
}

/** A running server. `await using` closes it, and throws if it met a bug of its own: no test may pass over one. */
export interface MockServer extends AsyncDisposable {
  /** Scheme and authority; the API is under `/api/v3`. */
  readonly url: string;
  readonly adminUrl: string;
  /** Scheme and authority of result URLs, as a client on this machine calls them; absent behind an upstream, which has a storage
   * of its own. */
  readonly storageUrl?: string;
  /** Scheme and authority of the service that the API is passed through to; absent when there is none. */
  readonly upstream?: string;
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
  /** How many events the recording does not hold, so far; undefined where nothing is recorded. */
  readonly unrecorded: number | undefined;
  /** Judges the client by what the scenario expects, as far as the run has come. */
  verdict(): Promise<Verdict>;
  /** Opens an isolated world on this server: for one of many tests that run at the same time.
   * @throws Error when the server is closed
   * @throws UsageError when the scenario has problems, the id is taken or no name, or there is no room */
  openLane(options?: LaneOptions): Promise<MockLane>;
  close(): Promise<void>;
}

/** What a lane is opened with; all of it may be left out. */
export interface LaneOptions extends Pick<StartOptions, 'scenario' | 'profile' | 'seed' | 'clock'> {
  /** One label of a host name; left out: `lane-1`, `lane-2` and so on. */
  readonly id?: string;
}

/** A lane beside the main one. `await using` ends it, and throws if it met a bug of ours. */
export interface MockLane
  extends Omit<OpenLane, 'world'>,
    Pick<MockServer, 'ca' | 'caFile' | 'seed' | 'journal' | 'clock' | 'lane' | 'tasks' | 'verdict' | 'close'>,
    AsyncDisposable {}

/** Starts a server: everything is wired here, in the order in which a call passes through it.
 * @throws UsageError when an option is blank, the scenario has problems, a port cannot be had, the
 * upstream cannot be one, no file can be written, or the admin API would be open to others */
export async function startMockServer(options: StartOptions = {}): Promise<MockServer> {
  // An empty text is a scenario: the default one.
  refuseBlank({ ...options, scenario: undefined });
  const { host = '127.0.0.1', port = 0, adminHost = '127.0.0.1', adminPort = 0, publicUrl } = options;
  if (options.adminToken === undefined && !isLoopback(adminHost))
    throw new UsageError([problem('ADMIN_EXPOSED', { host: adminHost })]);
  const { journalCapacity } = options;
  refuseNumber('journalCapacity', journalCapacity, MAX_JOURNAL_CAPACITY);
  refuseNumber('recordFiles', options.recordFiles, MAX_RECORDING_FILES);
  refuseFilesOfNothing(options);
  const target = await readTarget(options);
  const lane = new Lane('main', takeScenario(options), {
    ...(journalCapacity !== undefined && { journalCapacity }),
    ...(target && { upstream: target.origin }),
  });
  const opened: Opened = {};
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= shutDown(opened);
    return closing;
  };
  try {
    if (options.record !== undefined)
      opened.recording = await startRecording(lane, options.record, options.recordFiles);
    const { recording } = opened;
    const authority = await CertificateAuthority.ofProcess(lane.clock.wallNow());
    const names = [...ownAddresses(host), ...(options.certName ?? [])];
    const leaf = await authority.issue(lane.clock.wallNow(), ...names);
    if (target) opened.upstream = await openUpstream(target, lane.ownPorts);
    const results: ResultPlace = { publicUrl };
    const setting: WorldSetting = { authority, names, leaf, results, upstream: opened.upstream };
    const lanes = new Lanes(lane, {
      ...setting,
      host,
      authorityName: nameOf(host),
      ports: options.lanePorts,
      journalCapacity,
      recording,
    });
    opened.lanes = lanes;
    const world = await World.open(lane, { ...setting, directory: lanes });
    opened.world = world;
    const { listener } = world;
    const storage = target ? undefined : world.makeStorage({ authority, names, leaf, directory: lanes.storage });
    const admin = new Admin({
      main: world,
      lanes,
      recording,
      ca: authority.pem,
      token: options.adminToken,
      names: [adminHost, ...ALWAYS_COVERED, ...(options.certName ?? [])],
    });
    opened.admin = admin;
    if (options.keylog !== undefined) opened.keyLog = await openKeyLog(options.keylog, world.lane, [listener, storage]);
    opened.folder = await makeScratchFolder({ [CA_FILE]: authority.pem });
    const caFile = join(opened.folder, CA_FILE);

    const givenPort = await listener.listen(host, port);
    const url = `https://${nameOf(host)}:${givenPort}`;
    const adminUrl = `http://${nameOf(adminHost)}:${await admin.listen(adminHost, adminPort)}`;
    results.port = await storage?.listen(host, options.storagePort ?? 0);
    const storageUrl = `https://${nameOf(host)}:${results.port}`;
    lanes.share({
      listener,
      port: givenPort,
      adminUrl,
      storage: storage && { listener: storage, url: storageUrl },
    });
    const { dnsPort, dnsName = [] } = options;
    if (dnsPort !== undefined) opened.dns = await startDns(lane, { host, port: dnsPort, names: dnsName });
    if (target) await refuseOwnAddress(target, lane.ownPorts);
    if (options.otlp !== undefined) opened.otlp = await startOtlp(lane, options.otlp);
    admin.ready = true;
    const trust = { ca: authority.pem, caFile };
    return {
      ...trust,
      ...handleOf(world, close),
      url,
      adminUrl,
      ...(storage && { storageUrl }),
      ...(target && { upstream: target.origin }),
      ...(opened.dns && { dns: opened.dns.address }),
      get unrecorded() {
        return recording?.lost;
      },
      openLane: async ({ id, ...own } = {}) => {
        if (closing) throw new Error('No lane can be opened on a server that is closed.');
        const open = await lanes.open({ id, scenario: takeScenario(own) });
        const { world: opened, ...ways } = open;
        return { ...trust, ...handleOf(opened, () => lanes.close(open)), ...ways };
      },
    };
  } catch (error) {
    await close();
    await opened.keyLog?.discard();
    await opened.recording?.discard();
    throw error;
  }
}

const CA_FILE = 'ca.pem';

/** What has been opened so far, and is to be closed. */
interface Opened {
  recording?: Recording;
  upstream?: Upstream;
  lanes?: Lanes;
  world?: World;
  admin?: Admin;
  keyLog?: KeyLog;
  folder?: string;
  dns?: DnsResponder;
  otlp?: OtlpExporter;
}

async function shutDown({
  recording,
  upstream,
  lanes,
  world,
  admin,
  keyLog,
  folder,
  dns,
  otlp,
}: Opened): Promise<void> {
  try {
    const open = lanes?.list().map((lane) => lanes.close(lane)) ?? [];
    await Promise.all([...open, world?.close(), admin?.close(), dns?.close()]);
    await upstream?.close();
    await otlp?.close();
    await keyLog?.close();
    // Last, for all of that is in the journal.
    await recording?.close();
  } finally {
    if (folder !== undefined) await removeScratchFolder(folder);
  }
}

/** What a program has of a lane, the main one or another. */
function handleOf({ lane, tasks }: World, close: () => Promise<void>) {
  const { seed, journal, clock } = lane;
  return {
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
}

/** Loaded when it is wanted: few servers have one, and each would start the later for it. */
async function startDns(lane: Lane, options: DnsOptions): Promise<DnsResponder> {
  const { DnsResponder } = await import('./wire/dns/responder.ts');
  return DnsResponder.listen(lane, options);
}

/** Loaded when it is wanted, as above. */
async function startRecording(lane: Lane, folder: string, files: number | undefined): Promise<Recording> {
  const { Recording } = await import('./recording/recording.ts');
  return Recording.start(lane, { folder, files });
}

/** Loaded when it is wanted, as above. */
async function startOtlp({ journal, id, seed }: Lane, endpoint: string): Promise<OtlpExporter> {
  const { OtlpExporter } = await import('./otlp/exporter.ts');
  return new OtlpExporter(journal, { endpoint, attributes: { 'seedance.lane': id, 'seedance.seed': seed } });
}

/** @throws UsageError INVALID_OPTION */
function refuseNumber(option: string, given: number | undefined, max: number): void {
  if (given === undefined || (Number.isInteger(given) && given >= 1 && given <= max)) return;
  const expected = `Write a whole number from 1 to ${max}.`;
  throw new UsageError([problem('INVALID_OPTION', { option, given: `${given}`, expected })]);
}

/** @throws UsageError INVALID_OPTION */
function refuseFilesOfNothing({ record, recordFiles }: StartOptions): void {
  if (record !== undefined || recordFiles === undefined) return;
  const expected = `Name the folder as well: \`--record recording --record-files ${recordFiles}\`.`;
  const option = '--record-files without --record';
  throw new UsageError([problem('INVALID_OPTION', { option, given: `${recordFiles}`, expected })]);
}

/** @throws UsageError when the upstream cannot be one */
async function readTarget({ upstream, upstreamCa }: StartOptions): Promise<UpstreamTarget | undefined> {
  if (upstream !== undefined) return (await import('./upstream/target.ts')).readUpstreamTarget(upstream, upstreamCa);
  if (upstreamCa === undefined) return undefined;
  const expected = 'Name the upstream as well: `--upstream https://localhost:9443`.';
  const option = '--upstream-ca without --upstream';
  throw new UsageError([problem('INVALID_OPTION', { option, given: upstreamCa, expected })]);
}

/** Loaded when it is wanted, as above. */
const refuseOwnAddress = async (target: UpstreamTarget, ownPorts: OwnPorts): Promise<void> =>
  (await import('./upstream/target.ts')).refuseOwnAddress(target, ownPorts);

/** Loaded when it is wanted, as above. */
const openUpstream = async (target: UpstreamTarget, ownPorts: OwnPorts): Promise<Upstream> =>
  (await import('./upstream/connections.ts')).openUpstream(target, ownPorts);

/** How a client on this machine calls an address that we listen on. */
function nameOf(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

/** @throws Error that tells each bug in the journal */
function throwBugs(journal: Journal): void {
  const bugs = journal.events('bug').map(({ message, stack }) => printableError(message, stack));
  if (bugs.length > 0) throw new Error(`seedance-mock met ${bugs.length} bugs of its own:\n${bugs.join('\n')}`);
}

/** What cannot be a scenario's text, for want of a colon: a path or a name. Other paths are known by the file being there. */
const PATH_OR_NAME = /^[^\s:{}]+$/;

function takeScenario(options: StartOptions): Scenario {
  const { scenario = {} } = options;
  const isPath = typeof scenario === 'string' && (PATH_OR_NAME.test(scenario) || existsSync(scenario));
  return isPath ? readScenario(scenario, readOverrides(options)) : loadScenario(scenario, readOverrides(options));
}

/** @throws UsageError FILE_UNWRITABLE */
async function openKeyLog(
  file: string,
  { journal }: Lane,
  listeners: readonly (Listener | undefined)[],
): Promise<KeyLog> {
  const keyLog = await KeyLog.open(file);
  const keep = (line: Buffer) =>
    keyLog.append(line, (reason) => journal.append({ type: 'keylog.failed', file, reason }));
  for (const listener of listeners) listener?.onTlsSecret(keep);
  return keyLog;
}
