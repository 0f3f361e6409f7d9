import { setTimeout } from 'node:timers';
import { type MockServer, type StartOptions, startMockServer } from '../../server/index.ts';
import type { EndedBy, EndedHow, JournalEvent } from '../../server/journal.ts';
import { type Script, ScriptedUpstream } from '../typescript/support/scripted-upstream.ts';
import type { Capture } from './capture.ts';
import { type Conversation, conversationsOf } from './conversation.ts';

/** Who ended a connection, and how: `client/fin`. */
export type Pair = `${EndedBy}/${EndedHow}`;

/** Connections that end alike. */
export interface Kind {
  readonly title: string;
  readonly ends: Pair;
  /** How many connections; default 10. */
  readonly times?: number;
  /** Default: a manual clock, and the profile `dual-stack`. */
  readonly start?: StartOptions;
  /** What the service behind the server does; default: there is none. */
  readonly upstream?: Script;
  /** Opens the connections and has them end. */
  readonly drive: (scene: Scene) => Promise<unknown>;
}

/** What the journal and the capture say of one kind. */
export interface Played {
  readonly kind: Kind;
  /** How many connections the clients opened. */
  readonly times: number;
  readonly opened: readonly JournalEvent<'connection.opened'>[];
  readonly ended: readonly JournalEvent<'connection.ended'>[];
  readonly bugs: readonly string[];
  readonly conversations: readonly Conversation[];
}

/** How long the ends of a kind may take, in real time. Most take some 10 ms; the longest grace of the
 * server is 2 s. */
const END_LIMIT_MS = 6_000;

/** A server, and the clients that one kind of ends takes. */
export class Scene {
  readonly server: MockServer;
  readonly times: number;
  readonly #clients = new AsyncDisposableStack();

  constructor(server: MockServer, times: number) {
    this.server = server;
    this.times = times;
  }

  /** Opens as many clients as the kind has connections. They are closed once the journal has all
   * ends. */
  open<T extends AsyncDisposable>(open: (server: MockServer) => Promise<T>): Promise<T[]> {
    return Promise.all(Array.from({ length: this.times }, async () => this.#clients.use(await open(this.server))));
  }

  closeClients(): Promise<void> {
    return this.#clients.disposeAsync();
  }
}

/** Plays one kind on a server that it has to itself. */
export async function play(kind: Kind, capture: Capture): Promise<Played> {
  await using upstream = kind.upstream && (await ScriptedUpstream.open('http/1.1', kind.upstream));
  const server = await startMockServer({
    clock: 'manual',
    profile: 'dual-stack',
    ...(upstream && { upstream: upstream.url, upstreamCa: upstream.caFile }),
    ...kind.start,
  });
  const port = Number(new URL(server.url).port);
  const { times = 10 } = kind;
  const opened: JournalEvent<'connection.opened'>[] = [];
  const ended: JournalEvent<'connection.ended'>[] = [];
  const bugs: string[] = [];
  const allEnded = Promise.withResolvers<void>();
  // Not from the ring, which drops events.
  server.journal.subscribe((event) => {
    if (event.type === 'connection.opened') opened.push(event);
    if (event.type === 'connection.ended') ended.push(event);
    if (event.type === 'bug') bugs.push(event.message);
    if (ended.length === times) allEnded.resolve();
  });
  const packets = await capture.during(port, async () => {
    const scene = new Scene(server, times);
    await within(END_LIMIT_MS, Promise.all([drive(kind, scene), allEnded.promise]));
    await scene.closeClients();
    await server.close();
  });
  return { kind, times, opened, ended, bugs, conversations: conversationsOf(packets, port) };
}

async function drive(kind: Kind, scene: Scene): Promise<void> {
  try {
    await kind.drive(scene);
  } catch (error) {
    throw new Error(`cannot play "${kind.title}"`, { cause: error });
  }
}

/** Waits no longer than this, in real time: the comparison finds the ends that are missing. */
async function within(limitMs: number, deed: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const limit = setTimeout(over.resolve, limitMs);
  await Promise.race([deed, over.promise]).finally(() => clearTimeout(limit));
}
