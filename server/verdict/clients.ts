import type { ClientMoment, Expectation, Judgement, Now } from './check.ts';
import { addressOf, type Connection, type Request } from './facts.ts';
import { Reading } from './reading.ts';

/** What a client is known by. */
export interface ClientName {
  /** As its requests name it. */
  readonly identity?: string | undefined;
  readonly address: string;
  readonly ja4: string | undefined;
  readonly userAgent: string | undefined;
}

/** How a report calls a client: by its identity, or by what its connections tell. */
export const nameOf = ({ identity, userAgent, ja4, address }: ClientName): string =>
  identity ?? `${userAgent ?? 'no user agent'} at ${address}${ja4 === undefined ? '' : ` (${ja4})`}`;

/**
 * What a JA4 tells of a program, whatever it asks for: a client that falls back from h2 offers another ALPN list, with whose head the
 * first part of JA4 ends; and one that calls a server by an address sends no SNI, which is an extension less, and `i` in place of `d`.
 */
export function printOf(ja4: string): string {
  const [, version, named, ciphers, extensions, rest] = /^(...)([di])(\d\d)(\d\d)[^_]{2}_(.*)$/.exec(ja4) ?? [];
  if (rest === undefined) return ja4;
  return `${version}${ciphers}${Number(extensions) - (named === 'd' ? 1 : 0)}_${rest}`;
}

/** Where connections come from, and with which library. */
interface Origin {
  readonly address: string;
  /** Left out while none of them has said a ClientHello. */
  print: string | undefined;
}

const isAlike = (one: Origin, other: Origin): boolean =>
  one.address === other.address && (!one.print || !other.print || one.print === other.print);

/** How many origins of a client are remembered, the latest. */
const ORIGINS_KEPT = 100;

/** A client that requests have named, or the unknown owner of connections that were cut before a request could name it. */
export class Client {
  /** By the number of its first connection; they are listed in this order. */
  readonly since: number;
  readonly identity: string | undefined;
  /** Its connections are one program's. */
  isOneProgram = false;
  readonly address: string;
  /** One program may have several libraries, and replicas may have one name. */
  readonly #origins: Origin[] = [];
  ja4: string | undefined;
  userAgent: string | undefined;
  /** By the connections that are this client's for sure. */
  sure: Reading;
  /** By these and all others that can be no other's; left out once there is another whose they may be. */
  guess: Reading | undefined;
  /** How many connections of `guess` were cut before a request named their client. */
  unnamed = 0;
  /** Whether requests have come by turns on several connections: one pool, or several programs. */
  interleaved = false;
  readonly #alone = new Map<Connection, Reading>();
  readonly #blamed = new Set<Expectation>();
  readonly #open = new Set<Connection>();
  /** It closed its last connection itself: a program that has ended does, and one that waits for its next attempt hardly. */
  #hasLeft = false;
  #latest: Connection | undefined;
  readonly #used = new Set<Connection>();

  constructor(
    connection: Connection,
    { identity, sure, guess }: { readonly identity?: string; readonly sure: Reading; readonly guess?: Reading },
  ) {
    this.identity = identity;
    this.since = connection.id;
    this.address = addressOf(connection);
    this.sure = sure;
    this.guess = guess;
    this.learn(connection);
  }

  /** A connection is this client's.
   * @returns whether it comes from elsewhere than those before, or from another library */
  learn(connection: Connection): boolean {
    this.ja4 ??= connection.hello?.ja4;
    this.userAgent ??= connection.userAgent;
    const origin = { address: addressOf(connection), print: connection.hello?.print };
    const known = this.#origins.find((one) => isAlike(one, origin));
    if (known) known.print ??= origin.print;
    else this.#origins.push(origin);
    if (this.#origins.length > ORIGINS_KEPT) this.#origins.shift();
    return !known;
  }

  /** Whether a connection may be this client's, by where it comes from and what its ClientHello tells. */
  mayOwn(connection: Connection): boolean {
    const origin = { address: addressOf(connection), print: connection.hello?.print };
    return this.#origins.some((one) => isAlike(one, origin));
  }

  /** Whether it has ended, as far as its connections show. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get reading(): Reading {
    return this.guess ?? this.sure;
  }

  /** Takes each connection for a client of its own, beside what else it is, once there are several at a time: until then what they
   * did they did as one. Call it before the connection is taken for the client's.
   * @returns how to read the connections that are open now */
  takeAlone(connection: Connection, expectations: readonly Expectation[], now: Now): ReadonlyMap<Connection, Reading> {
    const added = new Map<Connection, Reading>();
    const others = this.#open.size > 0;
    this.#open.add(connection);
    this.#hasLeft = false;
    if (!others || expectations.length === 0 || this.isOneProgram) return added;
    if (this.#alone.size === 0)
      for (const expectation of expectations)
        if (this.sure.judge(expectation, now)?.outcome === 'fail') this.#blamed.add(expectation);
    for (const one of this.#open) {
      if (this.#alone.has(one)) continue;
      const reading = new Reading(expectations, now);
      reading.take(one);
      this.#alone.set(one, reading);
      added.set(one, reading);
    }
    return added;
  }

  /** Forgets what is too long ago to matter. */
  expire(now: { readonly at: number }): void {
    for (const reading of [this.sure, this.guess, ...this.#alone.values()]) reading?.calls.expire(now);
  }

  noteUse({ connection }: Request): void {
    // Each program has other connections to the storage than to the API: turns between them say nothing.
    if (connection === this.#latest || connection.isStorage || this.interleaved) return;
    this.interleaved = this.#used.has(connection);
    this.#latest = connection;
    this.#used.add(connection);
  }

  endAlone(connection: Connection, now: Now, expectations: readonly Expectation[]): void {
    this.#used.delete(connection);
    this.#open.delete(connection);
    this.#hasLeft = this.#open.size === 0 && connection.ended?.by === 'client';
    const reading = this.#alone.get(connection);
    if (!reading) return;
    this.#alone.delete(connection);
    for (const expectation of expectations)
      if (reading.judge(expectation, now)?.outcome === 'fail') this.#blamed.add(expectation);
  }

  /** What a check makes of the client. Blame that only holds if its connections are one program's is withheld, where they may be
   * several's. */
  judge(expectation: Expectation, now: ClientMoment): Judgement | undefined {
    const judgement = this.reading.judge(expectation, now);
    if (judgement?.outcome !== 'fail' || !expectation.mergeSensitive || !this.interleaved || this.isOneProgram)
      return judgement;
    if (judgement.oneProgram) return judgement;
    if (this.#blamed.has(expectation)) return judgement;
    for (const reading of this.#alone.values())
      if (reading.judge(expectation, now)?.outcome === 'fail') return judgement;
    const { seen, events, eventCount, figures } = judgement;
    return {
      outcome: 'inconclusive',
      doubtful: true,
      seen: `as one client it ${seen}; as one client per connection it did not`,
      hint: 'Give each program an API key or an `x-client-id` of its own, use `run --copies`, or name in `clients:` what tells them apart.',
      events,
      ...(eventCount !== undefined && { eventCount }),
      ...(figures && { figures }),
    };
  }
}
