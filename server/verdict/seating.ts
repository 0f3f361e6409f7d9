import type { JournalEvent } from '../journal.ts';
import { DEFAULT_BY } from '../scenario/clients.ts';
import type { Expectation, Run } from './check.ts';
import { Client } from './clients.ts';
import { Connection, isCutOff, type Request } from './facts.ts';
import { Reading } from './reading.ts';

/** A connection and whose it is. */
export interface Seat {
  readonly connection: Connection;
  /** The client that a request on it has named. */
  client?: Client;
  /** The client that it is taken for, while no request has named one. */
  taken?: Client;
  /** All of whose it is in some reading. */
  readings: readonly Reading[];
}

/** Finds out whose each connection is, as its requests name their clients: until then it is taken for the only client that fits. */
export class Seating {
  readonly #expect: readonly Expectation[];
  readonly #sensitive: readonly Expectation[];
  readonly #run: Run;
  readonly #seats = new Map<number, Seat>();
  /** Numbers of those that were opened before the run, and have ended. */
  readonly #gone = new Set<number>();
  readonly #clients = new Map<string, Client>();
  /** Those that are read by what may be theirs, too: of thousands behind one address none is. */
  readonly #guessing = new Set<Client>();
  /** Behind connections that were cut before a request could name their client, where no client fits. */
  readonly #unnamed: Client[] = [];
  /** Cut likewise, and any of several clients may have opened them. */
  #nobodys = 0;
  #oldestOpened = Number.POSITIVE_INFINITY;

  constructor(expect: readonly Expectation[], run: Run) {
    this.#expect = expect;
    this.#sensitive = expect.filter(({ mergeSensitive }) => mergeSensitive);
    this.#run = run;
  }

  /** All clients that are judged. */
  *clients(): Iterable<Client> {
    yield* this.#clients.values();
    yield* this.#unnamed;
  }

  /** How many connections were cut before a request could name one of several clients. */
  get nobodys(): number {
    return this.#nobodys;
  }

  get(id: number): Seat | undefined {
    return this.#seats.get(id);
  }

  open(opened: JournalEvent<'connection.opened'>): void {
    const connection = new Connection(opened.connection);
    connection.opened = opened;
    connection.isStorage = opened.storage === true;
    this.#oldestOpened = Math.min(this.#oldestOpened, connection.id);
    this.#seats.set(connection.id, { connection, readings: [] });
  }

  /** A connection goes on in another lane's journal. */
  handOver(id: number): void {
    this.#seats.get(id)?.connection.open.clear();
    this.#seats.delete(id);
  }

  /** A connection has ended, and all that was open on it. */
  end(seat: Seat, event: JournalEvent<'connection.ended'>): void {
    const { connection, client, taken } = seat;
    client?.endAlone(connection, { ...this.#run, latest: event }, this.#sensitive);
    if (!client && isCutOff(event)) {
      if (taken) taken.unnamed++;
      else this.#nobodys++;
    }
    this.#seats.delete(connection.id);
    if (connection.id < this.#oldestOpened) this.#gone.add(connection.id);
  }

  /** One that was opened before the scenario was loaded is known by what it does. */
  find(id: number): Seat | undefined {
    const known = this.#seats.get(id);
    if (known) return known;
    if (id > this.#oldestOpened || this.#gone.has(id)) return undefined;
    const seat: Seat = { connection: new Connection(id), readings: [] };
    this.#seats.set(id, seat);
    return seat;
  }

  /** A request has named the client of a connection. */
  name(seat: Seat, identity: string, event: JournalEvent): void {
    const { connection, taken } = seat;
    const known = this.#clients.get(identity);
    const client = known ?? this.#meet(identity, connection);
    if (client.learn(connection)) this.#share(connection);
    if (taken && taken !== client) this.#stopGuessing(taken);
    seat.client = client;
    delete seat.taken;
    const alone = client.takeAlone(connection, this.#sensitive, { ...this.#run, latest: event });
    const isTaken = client.guess !== undefined && seat.readings.includes(client.guess);
    if (!isTaken) client.guess?.take(connection);
    client.sure.take(connection);
    seat.readings = [client.sure, ...(client.guess ? [client.guess] : [])];
    if (taken && this.#unnamed.includes(taken)) this.#dissolve(taken);
    for (const [one, reading] of alone) {
      const other = this.#seats.get(one.id);
      // Requests hold the readings that they were received with.
      if (other) other.readings = [...other.readings, reading];
    }
  }

  /** Several clients share a connection, as behind a proxy: each request is its own client's, the connection the first one's. */
  noteForeign(request: Request, identity: string): void {
    const { connection } = request;
    const { sure, guess } = this.#clients.get(identity) ?? this.#meet(identity, connection);
    request.foreign = guess ? [sure, guess] : [sure];
  }

  #meet(identity: string, connection: Connection): Client {
    const [other] = this.#ownersOf(connection);
    this.#stopGuessingOn(connection);
    const sure = new Reading(this.#expect, this.#run);
    // Connections that no client fitted before may be this client's.
    const before = other ? undefined : this.#unnamed.find((one) => one.mayOwn(connection));
    const guess = other ? undefined : (before?.sure ?? new Reading(this.#expect, this.#run));
    if (before) this.#unnamed.splice(this.#unnamed.indexOf(before), 1);
    const client = new Client(connection, { identity, sure, ...(guess && { guess }) });
    if (before) client.unnamed = before.unnamed;
    this.#clients.set(identity, client);
    if (guess) this.#guessing.add(client);
    for (const seat of this.#seats.values()) if (before && seat.taken === before) seat.taken = client;
    return client;
  }

  /** A client that is known comes from where others may come from, too. */
  #share(connection: Connection): void {
    // It is one of them by now.
    const [, other] = this.#ownersOf(connection);
    if (other) this.#stopGuessingOn(connection);
  }

  /** What was taken for a client of its own is a known one's, who has another library or another address: what was cut before that
   * was clear is judged no more. */
  #dissolve(unnamed: Client): void {
    this.#unnamed.splice(this.#unnamed.indexOf(unnamed), 1);
    this.#nobodys += unnamed.unnamed;
    for (const seat of this.#seats.values()) {
      if (seat.taken !== unnamed) continue;
      delete seat.taken;
      seat.readings = [];
      this.place(seat);
    }
  }

  /** Another client has come whose connections those may be that were taken for this one's. */
  #stopGuessing(client: Client): void {
    const { guess } = client;
    if (!guess) return;
    this.#nobodys += client.unnamed;
    client.guess = undefined;
    client.unnamed = 0;
    this.#guessing.delete(client);
    for (const seat of this.#seats.values()) {
      if (seat.taken === client) delete seat.taken;
      seat.readings = seat.readings.filter((reading) => reading !== guess);
    }
  }

  /** Takes a connection for the one client whose it can be, for as long as no request names another. */
  place(seat: Seat): void {
    const { connection } = seat;
    if (seat.client || seat.taken || seat.readings.length > 0) return;
    const [only, other] = this.#ownersOf(connection);
    if (other || (only && !only.guess)) return;
    const client = only ?? this.#unnamedFor(connection);
    const reading = client.guess ?? client.sure;
    client.learn(connection);
    seat.taken = client;
    seat.readings = [reading];
    reading.take(connection);
  }

  /** The clients whose a connection may be. Take the first ones: there may be thousands. */
  *#ownersOf(connection: Connection): Iterable<Client> {
    for (const client of this.#clients.values()) if (client.mayOwn(connection)) yield client;
  }

  #stopGuessingOn(connection: Connection): void {
    for (const client of this.#guessing) if (client.mayOwn(connection)) this.#stopGuessing(client);
  }

  #unnamedFor(connection: Connection): Client {
    const known = this.#unnamed.find((one) => one.mayOwn(connection));
    if (known) return known;
    const client = new Client(connection, { sure: new Reading(this.#expect, this.#run) });
    this.#unnamed.push(client);
    return client;
  }
}

/** By default a client is known by what several programs may have in common; a header, a setting or `run --copies` tells more. */
export const isOneProgram = ({ by, client }: JournalEvent<'connection.identified'>): boolean =>
  by !== DEFAULT_BY.at(-1) || /^copy-\d+\b/.test(client);
