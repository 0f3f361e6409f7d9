import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { descriptors, RESERVED_FROM_ADMIN } from '../descriptors.ts';
import { listenOn } from '../listen.ts';
import { registerDocs } from '../openapi/docs-routes.ts';
import { collectRoutes, type DocumentedRoute, documented, pathOf } from '../openapi/documented.ts';
import { openRouter } from '../seedance/paths.ts';
import { clientsSchema } from './answers.ts';
import { registerClock } from './clock-routes.ts';
import { registerConnections } from './connection-routes.ts';
import { registerDeadLetters } from './dead-letter-routes.ts';
import { type AdminDeps, type FindWorld, worldFinder } from './deps.ts';
import { registerEventSchemas, registerEvents } from './event-routes.ts';
import { guardAdmin } from './guard.ts';
import { registerLanes } from './lane-routes.ts';
import { createMetrics } from './metrics.ts';
import { answerProblems } from './problem-json.ts';
import { registerReport } from './report-routes.ts';
import { reuseByClient } from './reuse.ts';
import { registerScenarios } from './scenario-routes.ts';
import { registerTasks } from './task-routes.ts';

const readiness = z.object({ status: z.enum(['ready', 'starting']) });

/** The control plane, on a port of its own that no fault ever touches. */
export class Admin {
  ready = false;
  /** Idle connections stay as long as those that Fastify makes itself. */
  readonly #server = createServer({ keepAliveTimeout: 72_000, requestTimeout: 0 }, (request, response) => {
    void this.#answer(request, response);
  });
  readonly #deps: AppDeps;
  #app: Promise<FastifyInstance> | undefined;

  constructor(deps: AdminDeps) {
    const { journal, ownPorts } = deps.main.lane;
    descriptors.share(this.#server, journal, { reserved: RESERVED_FROM_ADMIN });
    ownPorts.follow(this.#server, 'admin API');
    this.#deps = {
      ...deps,
      // It counts from here on.
      renderMetrics: createMetrics(deps.main, deps.recording),
      isReady: () => this.ready,
      onBug: (error) => journal.bug(error),
    };
  }

  /** The app is made for the first request: its routes take as long as all the rest of a server, and few servers in a test are asked. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // A page of another origin may not show one of ours, in which a click arms a fault.
      response.setHeader('content-security-policy', "frame-ancestors 'none'");
      this.#app ??= openApp(this.#deps);
      (await this.#app).routing(request, response);
    } catch (error) {
      this.#deps.onBug(error);
      response.writeHead(500).end();
    }
  }

  /** Starts to listen.
   * @returns the port
   * @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
  listen(host: string, port: number): Promise<number> {
    return listenOn(this.#server, host, port);
  }

  async close(): Promise<void> {
    this.ready = false;
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    // One that could not be made has been told of as a bug.
    const app = await this.#app?.catch(() => undefined);
    await app?.close();
  }
}

/** What the routes work on besides. */
interface AppDeps extends AdminDeps {
  readonly isReady: () => boolean;
  readonly renderMetrics: ReturnType<typeof createMetrics>;
  /** Takes what goes wrong and is no refusal. */
  readonly onBug: (error: unknown) => void;
}

async function openApp(deps: AppDeps): Promise<FastifyInstance> {
  const { main, lanes, isReady, renderMetrics, onBug } = deps;
  const app = Fastify(openRouter);
  const routes = collectRoutes(app);
  answerProblems(app, onBug);
  guardAdmin(app, deps);
  readBodiesAsText(app);
  // What a call changes shows a turn later: a port that a fault closes, say. Whoever has the answer may try at once.
  app.addHook('onSend', async ({ method }) => {
    if (method !== 'GET') await setImmediate();
  });

  app.get(
    '/health/live',
    documented({
      summary: 'Whether the process answers.',
      answer: { schema: z.object({ status: z.literal('live') }) },
      open: true,
    }),
    () => ({ status: 'live' }),
  );
  app.get(
    '/health/ready',
    documented({
      summary: 'Whether the service can serve; 503 until then.',
      answer: { schema: readiness },
      more: [{ status: 503, schema: readiness }],
      open: true,
    }),
    (_request, reply) => {
      if (!isReady()) reply.code(503);
      return { status: isReady() ? 'ready' : 'starting' };
    },
  );
  app.get(
    '/ca.pem',
    documented({
      summary: 'The certificate authority that a client has to trust.',
      answer: { schema: z.string(), types: ['application/x-pem-file'] },
      open: true,
    }),
    (_request, reply) => reply.type('application/x-pem-file').send(deps.ca),
  );
  app.get(
    '/metrics',
    documented({ summary: 'What Prometheus scrapes.', answer: { schema: z.string(), types: ['text/plain'] } }),
    async (_request, reply) => {
      const { contentType, text } = await renderMetrics();
      return reply.type(contentType).send(text);
    },
  );
  const worldOf = worldFinder(deps);
  registerWorld(app, worldOf);
  registerEventSchemas(app);
  registerLanes(app, lanes);
  app.register(async (scope) => registerWorld(scope, worldOf), { prefix: OF_A_LANE });
  registerDocs(app, {
    admin: () => routes.filter(isToldOnce),
    api: main.apiRoutes,
    apiUrl: () => lanes.url,
    onBug,
  });
  app.get(
    '/',
    documented({
      summary: 'What this is, and what paths there are.',
      answer: { schema: z.looseObject({ service: z.literal('seedance-mock'), scenario: z.string(), seed: z.int() }) },
    }),
    () => ({
      service: 'seedance-mock',
      scenario: main.lane.scenario.name,
      seed: main.lane.seed,
      ...(main.lane.upstream !== undefined && { upstream: main.lane.upstream }),
      routes: routes.filter(isToldOnce).map(({ method, url }) => `${method} ${pathOf(url)}`),
    }),
  );
  await app.ready();
  return app;
}

const OF_A_LANE = '/lanes/:lane';

/** What each lane has is what the main one has, and told of once. */
const isToldOnce = ({ url }: DocumentedRoute): boolean => !url.startsWith(`${OF_A_LANE}/`);

/** What each lane has to tell and to take. */
function registerWorld(app: FastifyInstance, worldOf: FindWorld): void {
  registerScenarios(app, worldOf);
  registerEvents(app, worldOf);
  registerConnections(app, worldOf);
  app.get(
    '/clients',
    documented({ summary: 'How far each client reuses its connections.', answer: { schema: clientsSchema } }),
    (request) => ({ clients: reuseByClient(worldOf(request).lane.journal) }),
  );
  registerReport(app, worldOf);
  registerTasks(app, worldOf);
  registerDeadLetters(app, worldOf);
  registerClock(app, worldOf);
}

/** A scenario may come as YAML or JSON under any type, and its problems need positions: every body stays text. */
function readBodiesAsText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
}
