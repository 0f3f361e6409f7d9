import type { JournalEvent } from '../journal.ts';
import type { Request } from './facts.ts';

/** A fault that was armed and struck nothing. */
export interface NeverStruck {
  readonly fault: string;
  /** When it would have struck, and what came. */
  readonly reason: string;
}

/** What comes to each hook. */
const things = {
  accept: 'connection',
  'client-hello': 'ClientHello',
  handshake: 'ClientHello',
  session: 'HTTP/2 connection',
  request: 'request',
  response: 'answer',
  task: 'task',
  video: 'download',
  callback: 'callback',
  dns: 'DNS query',
} as const;

type Thing = (typeof things)[keyof typeof things];

/** Which faults are armed, which struck and how often, and what came that they might have struck. */
export class Strikes {
  readonly #armed = new Map<string, { readonly hook: string; readonly did: string }>();
  readonly #struck = new Map<string, { latest: string; count: number }>();
  readonly #came = new Map<Thing, number>();
  /** There was a fault, though perhaps there is none now. */
  #hadFaults = false;

  /** A request came. */
  request({ target }: Request): void {
    this.#count(target.isResult ? 'download' : 'request');
  }

  /** A request was answered. */
  answered({ target }: Request): void {
    if (!target.isResult) this.#count('answer');
  }

  /** Anything else happened. */
  learn(event: JournalEvent): void {
    const thing = thingOf(event);
    if (thing) this.#count(thing);
    switch (event.type) {
      case 'scenario.loaded':
        this.#hadFaults ||= event.faults > 0;
        for (const { fault, hook, did } of event.armed ?? []) this.#armed.set(fault, { hook, did });
        break;
      case 'fault.armed':
        this.#hadFaults = true;
        this.#armed.set(event.fault, event);
        break;
      case 'fault.disarmed':
        this.#armed.delete(event.fault);
        break;
      case 'fault.injected':
        this.#noteStrike(event);
        break;
    }
  }

  /** There were faults, and none of them ever struck. */
  get areMissing(): boolean {
    return this.#hadFaults && this.#struck.size === 0;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#struck].map(([fault, { count }]) => [fault, count]));
  }

  get never(): readonly NeverStruck[] {
    return [...this.#armed].flatMap(([fault, { hook, did }]) =>
      this.#struck.has(fault) ? [] : [{ fault, reason: `${did}; ${this.#sayCame(hook)}` }],
    );
  }

  #count(thing: Thing): void {
    this.#came.set(thing, (this.#came.get(thing) ?? 0) + 1);
  }

  #sayCame(hook: string): string {
    const thing = things[hook as keyof typeof things];
    const count = this.#came.get(thing) ?? 0;
    return `${count === 0 ? 'no' : count} ${count === 1 ? thing : `${thing.replace(/y$/, 'ie')}s`} came`;
  }

  #noteStrike({ fault, hook, ordinal, connection, request, task }: JournalEvent<'fault.injected'>): void {
    // Each injection of a rule has an event of its own; they come together.
    const latest = [hook, ordinal, connection, request, task].join();
    const known = this.#struck.get(fault);
    if (!known) this.#struck.set(fault, { latest, count: 1 });
    else if (known.latest !== latest) Object.assign(known, { latest, count: known.count + 1 });
  }
}

function thingOf(event: JournalEvent): Thing | undefined {
  switch (event.type) {
    case 'connection.opened':
      return event.storage ? undefined : 'connection';
    case 'connection.hello':
      return 'ClientHello';
    case 'connection.secured':
      return event.protocol === 'h2' ? 'HTTP/2 connection' : undefined;
    case 'task.created':
      return 'task';
    case 'callback.accepted':
      return 'callback';
    case 'dns.query':
      return 'DNS query';
    default:
      return undefined;
  }
}
