import { setImmediate } from 'node:timers';
import type { Timer } from '../clock.ts';
import type { Lane } from '../lane.ts';
import type { Ruling } from '../rules/rule.ts';
import { timedRules } from '../rules/table.ts';
import { attempt } from './boundary.ts';
import { closeConnection } from './closing.ts';
import type { Connection } from './connection.ts';

/** How often all connections are looked at, in lane time: the grain of every timed rule. */
const SWEEP_EVERY_MS = 25;

/**
 * Looks at every connection's byte counters and asks the timed rules. Reading counters costs nothing on the data path,
 * sees every frame and byte whatever the protocol, and is one timer for all connections, while there are any.
 */
export class Sweeper {
  readonly #lane: Lane;
  readonly #connections: ReadonlyMap<number, Connection>;
  #timer: Timer | undefined;

  constructor(lane: Lane, connections: ReadonlyMap<number, Connection>) {
    this.#lane = lane;
    this.#connections = connections;
  }

  /** To be called when a connection has come or gone. */
  lookOn(): void {
    if (this.#connections.size > 0) this.#timer ??= this.#lane.clock.watch(SWEEP_EVERY_MS, () => this.#sweepAll());
    else this.stop();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A timer comes before what the sockets have to say in the same turn of the loop, and after a pause of the process that
   * is much: whoever seems to be silent is looked at again once all that has arrived has been read. */
  #sweepAll(): Promise<void> | undefined {
    const now = this.#lane.clock.now();
    const suspects = [...this.#connections.values()].filter((connection) => isSuspect(connection, now));
    if (suspects.length === 0) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        for (const connection of suspects) attempt(connection, () => strike(connection));
        resolve();
      });
    });
  }
}

function isSuspect(connection: Connection, nowMs: number): boolean {
  if (connection.ended || connection.resetting) return false;
  connection.observeTraffic(nowMs);
  if (connection.half || connection.clientEnd.goaway) connection.listenForFin();
  return judge(connection, nowMs) !== undefined || isGone(connection, nowMs);
}

function strike(connection: Connection): void {
  if (connection.ended || connection.resetting) return;
  const now = connection.lane.clock.now();
  connection.observeTraffic(now);
  const ruling = judge(connection, now);
  if (connection.gone) {
    // There is nobody left whom a rule could strike, and Node has not noticed.
    connection.noteClientEnd();
    connection.raw.destroy();
  } else if (ruling) applyRuling(connection, ruling);
}

const isGone = (connection: Connection, nowMs: number): boolean =>
  connection.hanging > 0 ? connection.gone : connection.goneWhileQuiet(nowMs);

function judge(connection: Connection, nowMs: number): Ruling | undefined {
  if (connection.hanging > 0 || connection.storage) return undefined;
  for (const rule of timedRules) {
    const ruling = rule(connection, connection.lane.service, nowMs);
    // What has sent its FIN cannot send another.
    if (ruling && !(connection.half && ruling.how === 'fin')) return ruling;
  }
  return undefined;
}

/** Notes a ruling in the journal and carries it out. */
export function applyRuling(connection: Connection, { rule, how, did, line }: Ruling): void {
  connection.note({ type: 'rule.applied', rule, did, line });
  closeConnection(connection, how, { by: 'rule', cause: rule });
}
