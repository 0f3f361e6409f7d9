import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import type { Journal } from './journal.ts';

/** File descriptors that are not for clients: files, pipes, the admin API, and connections that the
 * mock opens itself, to receivers of callbacks and to an upstream. */
const RESERVED = 64;
/** The admin API may use half of the reserve, so a server that is full can still report it. */
export const RESERVED_FROM_ADMIN = 32;
/** A port counts as relieved once this share is free again. If one free descriptor were enough, a
 * crowd that retries would cause two events for each connection that ends. */
const RELIEVED_SHARE = 1 / 8;

/** What differs from server to server. */
interface Share {
  /** Descriptors that its connections leave free. */
  readonly reserved?: number;
  /** Its own limit on connections, whatever the number of descriptors. */
  readonly most?: number;
}

/**
 * The file descriptors of a process, which all its servers share. When none is left, libuv accepts
 * connections and closes them, and no event says so. Therefore a server drops connections before
 * that happens, and its journal records it.
 */
export class Descriptors {
  readonly #limit: number;
  /** Each takes one descriptor. */
  readonly #listening = new Set<Server>();
  #connections = 0;
  /** The servers that drop connections now, and what to record in the end. */
  readonly #full = new Map<Server, { readonly journal: Journal; readonly port: number; dropped: number }>();

  /** @param limit undefined where it is not known: then connections are not limited */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity;
  }

  /** Makes a server drop connections while too few descriptors are left. Call it before the server
   * listens. */
  share(server: Server, journal: Journal, { reserved = RESERVED, most = Infinity }: Share = {}): void {
    const isFull = () => this.#taken >= this.#limit - reserved;
    // Node reads it at each connection, so it may depend on the connections of other servers.
    Object.defineProperty(server, 'maxConnections', { get: () => (isFull() ? 0 : most) });
    server.on('listening', () => this.#listening.add(server));
    server.on('connection', (socket) => {
      this.#connections++;
      socket.on('close', this.#leave);
    });
    server.on('drop', () => {
      // If not, it has reached `most`.
      if (isFull()) this.#noteDrop(server, journal);
    });
    server.on('close', () => {
      this.#listening.delete(server);
      this.#relieve(server);
    });
  }

  get #taken(): number {
    return this.#listening.size + this.#connections;
  }

  readonly #leave = (): void => {
    this.#connections--;
    if (this.#full.size === 0 || this.#taken > (this.#limit - RESERVED) * (1 - RELIEVED_SHARE)) return;
    for (const server of this.#full.keys()) this.#relieve(server);
  };

  #noteDrop(server: Server, journal: Journal): void {
    const known = this.#full.get(server);
    if (known) {
      known.dropped++;
      return;
    }
    const { port } = server.address() as AddressInfo;
    this.#full.set(server, { journal, port, dropped: 1 });
    journal.append({ type: 'listener.full', port, connections: this.#connections, descriptors: this.#limit });
  }

  #relieve(server: Server): void {
    const full = this.#full.get(server);
    if (!full) return;
    this.#full.delete(server);
    full.journal.append({ type: 'listener.relieved', port: full.port, dropped: full.dropped });
  }
}

export interface DescriptorLimit {
  readonly soft: number;
  readonly hard: number;
}

/** Finds the limit on open files in what /proc/PID/limits holds: proc_pid_limits(5). */
export function parseDescriptorLimit(text: string): DescriptorLimit | undefined {
  const [, soft, hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (soft === undefined || hard === undefined) return undefined;
  const numberOf = (word: string) => (word === 'unlimited' ? Infinity : Number(word));
  return { soft: numberOf(soft), hard: numberOf(hard) };
}

function readOwnLimit(): number | undefined {
  try {
    return parseDescriptorLimit(readFileSync('/proc/self/limits', 'utf8'))?.soft;
  } catch {
    // Not Linux.
    return undefined;
  }
}

/** Those of this process. All mocks in it share them. */
export const descriptors = new Descriptors(readOwnLimit());
