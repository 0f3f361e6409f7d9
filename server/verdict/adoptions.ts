import type { JournalEvent } from '../journal.ts';
import { isWhole, type Request } from './facts.ts';

/** How many creates of a client are looked at that it does not know the tasks of. */
const IN_FLIGHT_KEPT = 100;

/** A create, until its client knows its task. */
interface Create {
  readonly client: string;
  task?: JournalEvent<'task.created'>;
  /** Its answer did not reach the client. */
  lost?: true;
  /** Another create of the client was in flight meanwhile. */
  crowded?: true;
}

/**
 * Which tasks a client can only know from a List: the answer to their create was lost, and no mark says whose they are. While
 * another create of the client was in flight, or where another client makes tasks, a task in List may be any of theirs.
 */
export class Adoptions {
  readonly #clientOf = new Map<number, string>();
  /** By connection and request. */
  readonly #byRequest = new Map<string, Create>();
  /** What each client does not know the task of yet. */
  readonly #inFlight = new Map<string, Set<Create>>();
  readonly #lost = new Map<string, Create>();
  /** Those who have made tasks: two say as much as all. */
  readonly #creators = new Set<string>();

  learn(event: JournalEvent): void {
    switch (event.type) {
      case 'connection.identified':
        this.#clientOf.set(event.connection, event.client);
        break;
      case 'task.created': {
        const create = this.#byRequest.get(keyOf(event));
        if (!create) break;
        create.task = event;
        if (this.#creators.size < 2) this.#creators.add(create.client);
        break;
      }
      case 'response.abandoned':
        if (event.how !== 'hang') this.#lose(keyOf(event));
        break;
      case 'stream.reset':
        this.#lose(keyOf(event));
        break;
      case 'connection.ended':
        for (const { request } of event.requests) this.#lose(keyOf({ connection: event.connection, request }));
        this.#clientOf.delete(event.connection);
        break;
    }
  }

  /** A request came. */
  request({ received, isCreate }: Request): void {
    if (isCreate) this.#begin(received);
  }

  /** A request has been answered; a create that was is in flight no more. */
  answered(request: Request): void {
    const { received, isCreate } = request;
    if (!isCreate) return received.method === 'GET' ? this.#shown(request) : undefined;
    const key = keyOf(received);
    const create = this.#byRequest.get(key);
    if (create && isWhole(request)) this.#inFlight.get(create.client)?.delete(create);
    else if (create) this.#lose(key);
  }

  over({ received, isCreate }: Request): void {
    if (isCreate) this.#byRequest.delete(keyOf(received));
  }

  /** Why it is not certain whose a task is that its client found in a List; undefined where it is. */
  doubtOf(task: string): string | undefined {
    const create = this.#lost.get(task);
    if (!create || create.task?.mark !== undefined) return undefined;
    if (create.crowded) return 'another create was in flight';
    return this.#creators.size > 1 ? 'another client makes tasks too' : undefined;
  }

  forget(task: string): void {
    this.#lost.delete(task);
  }

  #begin(received: JournalEvent<'request.received'>): void {
    const client = received.client ?? this.#clientOf.get(received.connection) ?? `connection ${received.connection}`;
    const create: Create = { client };
    const others = this.#inFlight.get(client) ?? new Set();
    for (const other of others) other.crowded = create.crowded = true;
    // A client that never looks for what it lost: those it lost long ago are marked by now.
    if (others.size === IN_FLIGHT_KEPT) for (const oldest of others) if (others.delete(oldest)) break;
    this.#inFlight.set(client, others.add(create));
    this.#byRequest.set(keyOf(received), create);
  }

  #lose(key: string): void {
    const create = this.#byRequest.get(key);
    if (!create) return;
    if (!create.task) return void this.#inFlight.get(create.client)?.delete(create);
    create.lost = true;
    this.#lost.set(create.task.task, create);
  }

  /** A client that was shown a List, or has asked for the task, knows what it takes for its own. */
  #shown({ received, target }: Request): void {
    if (this.#inFlight.size === 0) return;
    const client = received.client ?? this.#clientOf.get(received.connection);
    const flying = client === undefined ? undefined : this.#inFlight.get(client);
    if (!flying || flying.size === 0) return;
    for (const create of flying)
      if (create.lost && (target.isTasks || create.task?.task === target.task)) flying.delete(create);
  }
}

const keyOf = ({ connection, request }: { readonly connection?: number; readonly request?: number }): string =>
  `${connection} ${request}`;
