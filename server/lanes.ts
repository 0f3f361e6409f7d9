import type { IncomingHttpHeaders } from 'node:http';
import { problem, UsageError } from './errors.ts';
import type { Journal } from './journal.ts';
import { Lane } from './lane.ts';
import type { Recording } from './recording/recording.ts';
import type { Scenario } from './scenario/scenario.ts';
import { ArkError, errorBody } from './seedance/errors.ts';
import { JSON_TYPE } from './seedance/paths.ts';
import type { Directory } from './wire/directory.ts';
import type { Exchange } from './wire/exchange.ts';
import type { Listener } from './wire/listener.ts';
import { laneOfResult } from './wire/result-path.ts';
import { World, type WorldSetting } from './world.ts';

/** How many lanes a server has at once. Each takes about 1 MB, and a port. */
export const MAX_LANES = 1_000;
/** How many that are over are remembered, so that whoever comes too late for them is told so. */
const MAX_REMEMBERED = 10_000;
/** Of a lane: fewer than of the main one, as there may be many. */
const LANE_JOURNAL_CAPACITY = 10_000;

/** One label of a host name (RFC 1123, section 2.1), in lower case. */
export const LANE_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const KEY_PREFIX = 'ark-lane-';
const LANE_KEY = /^bearer\s+ark-lane-(\S+)\s*$/i;
const LANE_HOST = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i;

/** What a lane is opened with. */
export interface LaneSetting {
  /** One label of a host name; left out: `lane-1`, `lane-2` and so on. */
  readonly id?: string | undefined;
  readonly scenario: Scenario;
}

/** Where the lanes of a server are reached. */
export interface LanesSetting extends Omit<WorldSetting, 'directory'> {
  readonly host: string;
  /** How clients call `host`. */
  readonly authorityName: string;
  /** The ports to take for lanes, in order, each inclusive; left out: any that is free. */
  readonly ports?: PortRange | undefined;
  /** How many events the journal of each lane keeps. */
  readonly journalCapacity?: number | undefined;
  readonly recording?: Recording | undefined;
}

/** Both inclusive. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** A lane beside the main one, and the three ways to it. */
export interface OpenLane {
  readonly id: string;
  readonly world: World;
  /** A port of its own: every layer is the lane's. */
  readonly url: string;
  /** The shared port under a name of its own: a client that names it in its ClientHello has every layer but `accept`. */
  readonly nameUrl: string;
  /** The shared port as it is, for a client that sends `apiKey`: from `request` on everything is the lane's, the connection is not. */
  readonly sharedUrl: string;
  readonly apiKey: string;
  /** Its part of the control plane. */
  readonly adminUrl: string;
  /** What its result URLs begin with; absent behind an upstream. */
  readonly storageUrl?: string;
}

/** What the lanes share with the main one. */
export interface SharedPlace {
  readonly listener: Listener;
  /** The port that `listener` listens on. */
  readonly port: number;
  readonly adminUrl: string;
  /** Absent behind an upstream, which has a storage of its own. */
  readonly storage?: { readonly listener: Listener; readonly url: string } | undefined;
}

/** The lanes of a server beside its main one: many isolated worlds, each with its own scenario, seed, clock, tasks and journal. */
export class Lanes implements Directory {
  readonly #main: Lane;
  readonly #setting: LanesSetting;
  #shared: SharedPlace | undefined;
  readonly #open = new Map<string, OpenLane>();
  /** Taken, though not yet open: by id, the port if it is one of ours. */
  readonly #taken = new Map<string, number>();
  readonly #over = new Set<string>();
  #opened = 0;

  /** @param main notes in its journal what comes and goes */
  constructor(main: Lane, setting: LanesSetting) {
    this.#main = main;
    this.#setting = setting;
  }

  /** Tells where the main lane is reached; none can be opened before. */
  share(place: SharedPlace): void {
    this.#shared = place;
  }

  /** Scheme and authority of the main lane. */
  get url(): string {
    return `https://${this.#setting.authorityName}:${this.#shared?.port}`;
  }

  /** Opens one more.
   * @throws UsageError LANE_ID_INVALID, LANE_EXISTS, TOO_MANY_LANES, NO_LANE_PORT, CANNOT_LISTEN */
  async open({ id = this.#nextId(), scenario }: LaneSetting): Promise<OpenLane> {
    if (!LANE_ID.test(id) || id === 'main') throw new UsageError([problem('LANE_ID_INVALID', { id })]);
    if (this.#taken.has(id)) throw new UsageError([problem('LANE_EXISTS', { id })]);
    if (this.#taken.size >= MAX_LANES) throw new UsageError([problem('TOO_MANY_LANES', { limit: MAX_LANES })]);
    const port = this.#freePort();
    this.#taken.set(id, port);
    this.#over.delete(id);
    const made = this.#newLane(id, scenario);
    const { host, authorityName, ports: _, journalCapacity: __, recording, ...setting } = this.#setting;
    try {
      if (!this.#shared) throw new Error('A lane was asked for before the server listened.');
      const { port: sharedPort, adminUrl, storage } = this.#shared;
      const world = await World.open(made, setting);
      this.#passOn(world.lane.journal);
      const lane: OpenLane = {
        id,
        world,
        url: `https://${authorityName}:${await world.listener.listen(host, port)}`,
        nameUrl: `https://${id}.localhost:${sharedPort}`,
        sharedUrl: this.url,
        apiKey: `${KEY_PREFIX}${id}`,
        adminUrl: `${adminUrl}/lanes/${id}`,
        ...(storage && { storageUrl: `${storage.url}/${id}` }),
      };
      this.#open.set(id, lane);
      this.#passOnBugs(world.lane);
      this.#main.journal.append({ type: 'lane.opened', lane: id, scenario: scenario.name, seed: world.lane.seed });
      return lane;
    } catch (error) {
      this.#taken.delete(id);
      recording?.end(made);
      throw error;
    }
  }

  get(id: string): OpenLane | undefined {
    return this.#open.get(id);
  }

  /** In the order in which they were opened. */
  list(): readonly OpenLane[] {
    return [...this.#open.values()];
  }

  /** Ends a lane and frees all that it held; whoever calls on it from now on learns that it is over. */
  async close({ id, world }: OpenLane): Promise<void> {
    if (!this.#open.delete(id)) return;
    this.#remember(id);
    for (const listener of [this.#shared?.listener, this.#shared?.storage?.listener])
      for (const connection of listener?.connections.values() ?? []) connection.dismiss(world.lane);
    await world.close();
    this.#setting.recording?.end(world.lane);
    this.#taken.delete(id);
    this.#main.journal.append({ type: 'lane.closed', lane: id });
  }

  listenerFor(serverName: string | undefined): Listener | 'gone' | undefined {
    if (serverName === undefined) return undefined;
    const id = LANE_HOST.exec(serverName)?.[1]?.toLowerCase();
    if (id === undefined) return undefined;
    return this.#open.get(id)?.world.listener ?? (this.#over.has(id) ? 'gone' : undefined);
  }

  laneOf(headers: IncomingHttpHeaders, url: string): Lane | undefined {
    const id = this.#named(headers, url);
    return id === undefined ? undefined : this.#open.get(id)?.world.lane;
  }

  /** Finds the lanes behind the storage port: there the path alone names one. */
  get storage(): Directory {
    const open = this.#open;
    return {
      listenerFor: () => undefined,
      laneOf: (_headers, url) => open.get(laneOfResult(url) ?? '')?.world.lane,
      deliver(exchange, request) {
        const lane = open.get(exchange.lane.id);
        lane?.world.handleStorage(exchange, request);
        return lane !== undefined;
      },
    };
  }

  deliver(exchange: Exchange, request: object): boolean {
    const lane = this.#open.get(exchange.lane.id);
    if (lane) {
      lane.world.handle(exchange, request);
      return true;
    }
    const id = this.#named(exchange.headers, exchange.url);
    if (id === undefined || !(this.#over.has(id) || LANE_KEY.test(exchange.headers.authorization ?? ''))) return false;
    refuse(exchange, id);
    return true;
  }

  /** A bug of ours outlives the lane that meets it. */
  #passOnBugs({ journal }: Lane): void {
    journal.subscribe((event) => {
      if (event.type !== 'bug') return;
      const { seq: _, at: __, ...bug } = event;
      this.#main.journal.append(bug);
    });
  }

  #newLane(id: string, scenario: Scenario): Lane {
    const upstream = this.#setting.upstream?.origin;
    const { journalCapacity = LANE_JOURNAL_CAPACITY } = this.#setting;
    const { ownPorts } = this.#main;
    const lane = new Lane(id, scenario, { journalCapacity, upstream, ownPorts });
    // Before anything else reads the journal: what a reader adds to it follows what it has read.
    this.#setting.recording?.follow(lane);
    return lane;
  }

  /** The lane that a request names: by its key, the result that it fetches, or its authority. */
  #named(headers: IncomingHttpHeaders, url: string): string | undefined {
    if (this.#open.size === 0 && this.#over.size === 0) return undefined;
    const authority = String(headers[':authority'] ?? headers.host ?? '');
    return (
      LANE_KEY.exec(headers.authorization ?? '')?.[1] ??
      laneOfResult(url) ??
      LANE_HOST.exec(authority)?.[1]?.toLowerCase()
    );
  }

  /** Copies what concerns the whole process into the main lane's journal, which the log shows. */
  #passOn(journal: Journal): void {
    journal.subscribe((event) => {
      if (event.type !== 'listener.full' && event.type !== 'listener.relieved') return;
      const { seq: _, at: __, ...news } = event;
      this.#main.journal.append(news);
    });
  }

  #nextId(): string {
    do this.#opened++;
    while (this.#taken.has(`lane-${this.#opened}`));
    return `lane-${this.#opened}`;
  }

  /** @returns 0 where any will do */
  #freePort(): number {
    const { ports } = this.#setting;
    if (!ports) return 0;
    const taken = new Set(this.#taken.values());
    for (let port = ports.from; port <= ports.to; port++) if (!taken.has(port)) return port;
    throw new UsageError([problem('NO_LANE_PORT', ports)]);
  }

  #remember(id: string): void {
    this.#over.add(id);
    const [oldest] = this.#over.size > MAX_REMEMBERED ? this.#over : [];
    if (oldest !== undefined) this.#over.delete(oldest);
  }
}

/** A key is all that tells a client of a lane that is over from others: in the service's words, it is not good any more. */
function refuse(exchange: Exchange, id: string): void {
  const error = new ArkError('AuthenticationError', { reason: `There is no lane "${id}", or it is over.` });
  exchange.noteReceived();
  exchange.writeHead(error.status, { 'content-type': JSON_TYPE });
  exchange.end(JSON.stringify(errorBody(error.status, error, '')));
}
