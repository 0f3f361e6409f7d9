import type { Timer } from '../clock.ts';
import type { Lane } from '../lane.ts';
import type { Ruling } from '../rules/rule.ts';
import { timedRules } from '../rules/table.ts';
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

  #sweepAll(): void {
    const now = this.#lane.clock.now();
    for (const connection of this.#connections.values()) sweep(connection, now);
  }
}

function sweep(connection: Connection, nowMs: number): void {
  if (connection.ended) return;
  connection.observeTraffic(nowMs);
  if (connection.half || connection.clientEnd.goaway) connection.listenForFin();
  const ruling = judge(connection, nowMs);
  if (!ruling && connection.hanging === 0) return;
  if (connection.lost) {
    // Nobody is left whom a rule could strike, and of a connection that hangs nobody else would notice.
    connection.noteClientEnd();
    connection.raw.destroy();
  } else if (ruling) applyRuling(connection, ruling);
}

function judge(connection: Connection, nowMs: number): Ruling | undefined {
  if (connection.hanging > 0) return undefined;
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
