import net, { type AddressInfo, type Server } from 'node:net';
import type { Timer } from '../clock.ts';
import { descriptors } from '../descriptors.ts';
import { guarded } from '../guarded.ts';
import type { EventType } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { BACKLOG, listenOn } from '../listen.ts';
import type { OwnPort } from '../own-ports.ts';
import { closeConnection } from './closing.ts';
import type { Connection, Reason } from './connection.ts';

/** How often it is asked whether the port is to close or to open, in lane time; connections that come and go ask as well. */
const LOOK_EVERY_MS = 25;
/** As long as the listen queue of a Node server by default. One more connection gets no answer, as
 * from a kernel that drops its SYN. */
const MAX_QUEUED = 511;

const changesFaults: readonly EventType[] = ['scenario.loaded', 'fault.armed', 'fault.disarmed'];

/** What a gate guards. */
export interface GateSetting {
  readonly of: Extract<OwnPort, 'service' | 'storage'>;
  readonly openConnections: () => number;
}

/** The way in: opens and closes the port as the faults on `accept` want it, and lets connections wait their turn. */
export class Gate {
  readonly #lane: Lane;
  readonly #tcp: Server;
  readonly #openConnections: () => number;
  /** Whether faults on `accept` concern this port. */
  readonly #ruled: boolean;
  readonly #queue = new Map<Connection, { readonly since: number; readonly go: (admitted: boolean) => void }>();
  /** Looks on while a fault on `accept` is armed: without one there is nothing that time could change. */
  #timer: Timer | undefined;
  readonly #unsubscribe: () => void;
  /** Where to listen again; set while the port is closed. */
  #closed: HeldPort | undefined;

  /** @param of what the port is for; faults on `accept` concern the service alone */
  constructor(lane: Lane, tcp: Server, { of, openConnections }: GateSetting) {
    this.#lane = lane;
    this.#ruled = of === 'service';
    this.#tcp = tcp;
    this.#openConnections = openConnections;
    descriptors.share(tcp, lane.journal);
    lane.ownPorts.follow(tcp, of);
    this.#lookOn();
    this.#unsubscribe = lane.journal.subscribe(({ type }) => {
      if (!changesFaults.includes(type)) return;
      // The journal is told before the deed.
      queueMicrotask(
        guarded(
          (error) => lane.journal.bug(error),
          () => {
            this.#lookOn();
            this.look();
          },
        ),
      );
    });
  }

  /** Starts to listen, unless a fault wants the port closed from the first moment.
   * @returns the port, which matters when `port` was 0
   * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
  async listen(host: string, port: number): Promise<number> {
    const given = await listenOn(this.#tcp, host, port);
    this.#tcp.on('error', (error) => this.#lane.journal.bug(error));
    this.look();
    return given;
  }

  /** Closes or opens the port, and lets in who has waited, as it is wanted now. */
  look(): void {
    if (!this.#ruled || (!this.#closed && !this.#tcp.listening)) return;
    this.#lane.strikeDue('accept');
    for (const [connection, { go }] of this.#queue) {
      if (this.#held().queue) break;
      this.#queue.delete(connection);
      go(true);
    }
    const { refuse } = this.#held();
    if (refuse !== undefined) this.#close(refuse);
    else this.#open();
  }

  #lookOn(): void {
    if (this.#ruled && this.#lane.hasFaults('accept'))
      this.#timer ??= this.#lane.clock.watch(LOOK_EVERY_MS, () => this.look());
    else {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
  }

  /** Lets a connection wait until another one ends.
   * @returns whether it was let in; `false` when it ended before */
  async wait(connection: Connection, reason: Reason): Promise<boolean> {
    if (this.#queue.size >= MAX_QUEUED) {
      closeConnection(connection, 'hang', reason);
      return false;
    }
    const { journal, clock } = this.#lane;
    const since = clock.now();
    journal.append({ type: 'connection.queued', connection: connection.id, place: this.#queue.size + 1, ...reason });
    connection.hanging++;
    const admitted = await new Promise<boolean>((go) => this.#queue.set(connection, { since, go }));
    connection.hanging--;
    if (!admitted) return false;
    const waitedMs = Math.round(clock.now() - since);
    journal.append({ type: 'connection.released', connection: connection.id, waitedMs });
    connection.startServing();
    return true;
  }

  /** Notes that a connection has ended. */
  left(connection: Connection): void {
    this.#queue.get(connection)?.go(false);
    this.#queue.delete(connection);
    this.look();
  }

  /** Closes the port for good; resolves when the last connection has ended. */
  shut(): Promise<void> {
    this.#timer?.cancel();
    this.#unsubscribe();
    const held = this.#closed;
    this.#closed = undefined;
    if (held && 'close' in held) held.close();
    return new Promise((resolve) => this.#tcp.close(() => resolve()));
  }

  #held() {
    const openConnections = this.#openConnections();
    return this.#lane.held('accept', { openConnections, servedConnections: openConnections - this.#queue.size });
  }

  #close(cause: string): void {
    if (this.#closed) return;
    this.#lane.journal.append({ type: 'listener.closed', cause });
    const at = this.#tcp.address() as AddressInfo;
    this.#tcp.close();
    this.#closed = holdPort(at);
  }

  #open(): void {
    const held = this.#closed;
    if (!held) return;
    this.#lane.journal.append({ type: 'listener.opened' });
    this.#closed = undefined;
    this.#tcp.listen(held, BACKLOG);
  }
}

type HeldPort = { close(): void } | { readonly host: string; readonly port: number };

/**
 * Binds a port without listening on it: a client is refused, and nobody else is given the port meanwhile, as could happen
 * to one that was free when it was asked for. Node has this under a name of its own, for its clusters.
 */
function holdPort({ address, port, family }: AddressInfo): HeldPort {
  const { _createServerHandle: bind } = net as typeof net & {
    _createServerHandle?(address: string, port: number, family: number): HeldPort | number;
  };
  const held = bind?.(address, port, family === 'IPv6' ? 6 : 4);
  return typeof held === 'object' ? held : { host: address, port };
}
