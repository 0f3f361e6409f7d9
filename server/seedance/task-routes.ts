import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Lane } from '../lane.ts';
import { type Documentation, documented } from '../openapi/documented.ts';
import { Exchange } from '../wire/exchange.ts';
import { readTrace } from '../wire/trace.ts';
import { allowOrigin, authenticate } from './auth.ts';
import { readCreateRequest } from './create-request.ts';
import { createdSchema, createSchema } from './create-shape.ts';
import { ArkError } from './errors.ts';
import { listQuerySchema, readListQuery, selectPage } from './list-query.ts';
import { checkAssets, fetches, fetchMedia } from './media-fetch.ts';
import { API_PREFIX, JSON_TYPE, type ResultPlace, resultOrigin, TASKS_PATH } from './paths.ts';
import { resultOf } from './result-shape.ts';
import type { Caller } from './task.ts';
import { describeTask, taskBodySchema, taskListSchema } from './task-body.ts';
import type { RenderTask } from './task-json.ts';
import type { TaskStore } from './task-store.ts';
import type { Videos } from './videos.ts';

const createDocs: Documentation = {
  summary: 'Creates a task.',
  description: 'Not idempotent: two equal requests are two tasks. `null` stands for absent.',
  body: { schema: createSchema },
  answer: { schema: createdSchema },
  refusals: [400, 403, 404, 429, 500],
};
const listDocs: Documentation = {
  summary: 'Lists the tasks of the last seven days, newest first.',
  query: listQuerySchema,
  answer: { schema: taskListSchema },
  refusals: [400, 403, 429, 500],
};
const getDocs: Documentation = {
  summary: 'Gets a task, also one that failed.',
  answer: { schema: taskBodySchema },
  refusals: [403, 404, 429, 500],
};
const deleteDocs: Documentation = {
  summary: 'Cancels a task that is queued, removes one that is over.',
  answer: { schema: z.object({}) },
  refusals: [403, 404, 409, 429, 500],
};

/** What the task routes need. */
export interface TaskRoutesDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly videos: Videos;
  readonly renderTask: RenderTask;
  readonly results: ResultPlace;
}

/** How many path segments a base URL may carry before the service's own paths. */
const MAX_PREFIX_SEGMENTS = 5;

// Clients keep whatever prefix their base URL has (reference, section 12). Fastify has no "any prefix", so each depth
// gets its route; the usual prefix is written out, which is also the fastest.
const prefixes = [
  API_PREFIX,
  ...Array.from({ length: MAX_PREFIX_SEGMENTS + 1 }, (_, depth) =>
    Array.from({ length: depth }, (_, at) => `/:prefix${at}`).join(''),
  ),
];

interface ById {
  Params: { id: string };
}

/** A body without a usable type is JSON too: `curl -d` says form, and HTTP/2 clients may say nothing, for which
 * Fastify would not even read the body. */
export function assumeJson({ headers }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  if (!headers['content-type']?.includes('/')) headers['content-type'] = 'application/json';
  done();
}

/** Who creates a task; what Fastify injects comes over no connection. */
function callerOf(request: FastifyRequest, { raw }: FastifyReply, results: ResultPlace): Caller {
  const exchange: object = raw;
  const trace = readTrace(request.headers);
  return {
    origin: resultOrigin(request, results),
    ...(exchange instanceof Exchange
      ? { facts: { connection: exchange.seat.id, client: exchange.account }, request: exchange.id }
      : { facts: {} }),
    ...(trace && { trace }),
  };
}

/** Who calls, by the API key; what Fastify injects is nobody. */
const accountOf = ({ raw }: FastifyReply): string => {
  const exchange: object = raw;
  return exchange instanceof Exchange ? exchange.account : '';
};

/** Who calls; undefined where the call does not show it, or comes over no connection. */
const clientOf = ({ raw }: FastifyReply): string | undefined => {
  const exchange: object = raw;
  return exchange instanceof Exchange ? exchange.client : undefined;
};

/** Create, Get, List and Delete (reference, sections 2 to 5), under any prefix. */
export function registerTaskRoutes(
  app: FastifyInstance,
  { lane, tasks, videos, renderTask, results }: TaskRoutesDeps,
): void {
  // Whoever waits for media has nobody left to answer once the server closes.
  const closing = new AbortController();
  app.addHook('onClose', async () => closing.abort());

  function create(request: FastifyRequest, reply: FastifyReply): string | Promise<string> {
    const wanted = readCreateRequest(request.body);
    const caller = callerOf(request, reply, results);
    checkAssets(wanted.content, lane.scenario.media.assets);
    const carryOut = () => {
      const { id } = tasks.create(wanted, caller);
      reply.header('content-type', JSON_TYPE);
      return JSON.stringify({ id });
    };
    return fetches(lane, wanted.content) ? fetchMedia(wanted.content, lane, closing.signal).then(carryOut) : carryOut();
  }

  function get(request: FastifyRequest<ById>, reply: FastifyReply): Buffer {
    tasks.admit('get', accountOf(reply));
    const task = tasks.show(request.params.id);
    if (!task) throw new ArkError('ResourceNotFound', { subject: request.params.id });
    lane.results.note(resultOf(task), clientOf(reply));
    reply.header('content-type', JSON_TYPE);
    return renderTask(task, resultOrigin(request, results));
  }

  function list(request: FastifyRequest, reply: FastifyReply): string {
    tasks.admit('list', accountOf(reply));
    const origin = resultOrigin(request, results);
    const page = selectPage(tasks.listed(), readListQuery(request.query));
    const items = page.tasks.map((task) => {
      const body = describeTask(task, videos.linksTo(task, origin));
      return body.error ? { ...body, failure_reason: body.error } : body;
    });
    reply.header('content-type', JSON_TYPE);
    return JSON.stringify({ total: page.total, items });
  }

  function remove(request: FastifyRequest<ById>, reply: FastifyReply): string {
    tasks.admit('delete', accountOf(reply));
    tasks.remove(request.params.id);
    reply.header('content-type', JSON_TYPE);
    return '{}';
  }

  function preflight(request: FastifyRequest, reply: FastifyReply): void {
    allowOrigin(request, reply);
    const asked = request.headers['access-control-request-headers'];
    if (asked !== undefined) reply.header('access-control-allow-headers', asked);
    reply
      .header('access-control-allow-methods', 'GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH,CONNECT')
      .header('access-control-max-age', '0')
      .send('');
  }

  const secured = { onRequest: authenticate, exposeHeadRoute: false };
  const creating = { onRequest: [authenticate, assumeJson] };
  for (const prefix of prefixes) {
    const path = prefix + TASKS_PATH;
    // The documents tell of the usual prefix alone.
    const told = (docs: Documentation) => (prefix === API_PREFIX ? documented(docs) : {});
    app.post(path, { ...creating, ...told(createDocs) }, create);
    // Whatever is posted below, `{id}/cancel` above all, falls through to create and is a bad one (section 1).
    app.post(`${path}/*`, creating, create);
    app.get(path, { ...secured, ...told(listDocs) }, list);
    app.get<ById>(`${path}/:id`, { ...secured, ...told(getDocs) }, get);
    app.delete<ById>(`${path}/:id`, { ...secured, ...told(deleteDocs) }, remove);
    app.options(path, preflight);
    app.options(`${path}/:id`, preflight);
  }
}
