import Fastify from 'fastify';
import type { Lane } from './lane.ts';
import { collectRoutes, type DocumentedRoute } from './openapi/documented.ts';
import { registerApi, speakArk } from './seedance/api.ts';
import { Callbacks } from './seedance/callbacks.ts';
import { registerHeartbeat } from './seedance/heartbeat-route.ts';
import { openRouter, type ResultPlace } from './seedance/paths.ts';
import { renderPlannedStatus } from './seedance/planned-status.ts';
import { createTaskJson } from './seedance/task-json.ts';
import { TaskStore } from './seedance/task-store.ts';
import { onlyResults } from './seedance/video-routes.ts';
import { Videos } from './seedance/videos.ts';
import type { Upstream } from './upstream/connections.ts';
import type { Connection } from './wire/connection.ts';
import { type HandleExchange, Listener, type ListenerSetting } from './wire/listener.ts';
import { carryMessages } from './wire/messages.ts';

/** What a world is made of, beside its lane. */
export interface WorldSetting extends Omit<ListenerSetting, 'handle'> {
  readonly results: ResultPlace;
  /** Where calls are passed through to; left out, they are answered here. */
  readonly upstream?: Upstream | undefined;
}

/** A lane and all that plays in it: the service with its tasks, callbacks and port. Wired in the order in which a call passes. */
export class World {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly callbacks: Callbacks;
  readonly listener: Listener;
  readonly handle: HandleExchange;
  /** Answers calls to the storage port. */
  readonly handleStorage: HandleExchange;
  /** What the API says of its routes. */
  readonly apiRoutes: readonly DocumentedRoute[];
  readonly #closeApi: () => Promise<void>;
  #storage: Listener | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    parts: Pick<World, 'lane' | 'tasks' | 'callbacks' | 'listener' | 'handle' | 'apiRoutes'>,
    closeApi: () => Promise<void>,
  ) {
    this.lane = parts.lane;
    this.tasks = parts.tasks;
    this.callbacks = parts.callbacks;
    this.listener = parts.listener;
    this.handle = parts.handle;
    this.handleStorage = onlyResults(parts.handle);
    this.apiRoutes = parts.apiRoutes;
    this.#closeApi = closeApi;
  }

  static async open(lane: Lane, { results, upstream, ...port }: WorldSetting): Promise<World> {
    const tasks = new TaskStore(lane);
    const videos = new Videos(lane);
    const app = Fastify(openRouter);
    const apiRoutes = collectRoutes(app);
    const shortcut = upstream
      ? await passTo(upstream, lane, speakArk(app, lane))
      : registerApi(app, { lane, tasks, videos, results });
    registerHeartbeat(app);
    const handle = carryMessages(app, { renderStatus: renderPlannedStatus, shortcut });
    await app.ready();
    const callbacks = new Callbacks({ lane, tasks, renderTask: createTaskJson(videos) });
    const listener = new Listener(lane, { ...port, handle });
    return new World({ lane, tasks, callbacks, listener, handle, apiRoutes }, () => app.close());
  }

  /** Makes the port of the storage, which serves the results of all lanes. It is closed with this world. */
  makeStorage(port: Omit<ListenerSetting, 'handle' | 'of'>): Listener {
    this.#storage = new Listener(this.lane, { ...port, of: 'storage', handle: this.handleStorage });
    return this.#storage;
  }

  /** The open connections to its ports, by number. */
  get connections(): ReadonlyMap<number, Connection> {
    return new Map([...this.listener.connections, ...(this.#storage?.connections ?? [])]);
  }

  /** Ends what is under way, and frees its ports. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    this.tasks.close();
    await this.callbacks.close();
    await Promise.all([this.listener.close(), this.#storage?.close()]);
    await this.#closeApi();
  }
}

/** Loaded when it is wanted: few servers have an upstream, and each would start the later for it. */
async function passTo(upstream: Upstream, lane: Lane, nextRequestId: () => string) {
  const { createPassThrough } = await import('./upstream/pass-through.ts');
  const { TaskSightings } = await import('./upstream/task-sightings.ts');
  return createPassThrough({ upstream, sightings: new TaskSightings(lane), nextRequestId });
}
