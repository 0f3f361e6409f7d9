import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { reasonOf } from '../errors.ts';
import type { Journal } from '../journal.ts';
import type { Lane } from '../lane.ts';
import { recordFailure } from '../wire/boundary.ts';
import { Exchange } from '../wire/exchange.ts';
import { ArkError, errorBody, invalid } from './errors.ts';
import { JSON_TYPE, type ResultPlace } from './paths.ts';
import { createPollShortcut } from './poll-shortcut.ts';
import { createRequestIds } from './request-id.ts';
import { createTaskJson } from './task-json.ts';
import { registerTaskRoutes } from './task-routes.ts';
import type { TaskStore } from './task-store.ts';
import { registerVideoRoutes } from './video-routes.ts';
import type { Videos } from './videos.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** `x-request-id` of the answer, and the end of every error message in it. */
    requestId: string;
  }
}

/** What the API works on. */
export interface ApiDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly videos: Videos;
  readonly results: ResultPlace;
}

/** The service takes bodies of up to 64 MB (reference, section 10). */
export const MAX_BODY_BYTES = 64 * 2 ** 20;

/** Gives every answer the headers of the reference, section 8. */
function stampAnswers(app: FastifyInstance, nextRequestId: () => string): void {
  app.decorateRequest('requestId', '');
  app.addHook('onRequest', (request, reply, done) => {
    request.requestId = nextRequestId();
    reply.header('x-request-id', request.requestId).header('server', 'istio-envoy');
    const clientRequestId = request.headers['x-client-request-id'];
    if (clientRequestId !== undefined) reply.header('x-client-request-id', clientRequestId);
    done();
  });
}

/** Takes every body for JSON, whatever its type says; DELETE and unknown paths have no use for one. */
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (request, text, done) => {
    request.bodyText = text;
    if (text === '' || request.method === 'DELETE' || request.is404) return done(null, undefined);
    try {
      done(null, JSON.parse(text));
    } catch (error) {
      done(invalid('', `the request body is not valid JSON, ${reasonOf(error)}`));
    }
  });
}

/** What Fastify itself refuses, in the service's words; undefined for what is a bug of ours. */
function toArkError(error: unknown): ArkError | undefined {
  if (error instanceof ArkError) return error;
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode === 413) return invalid('', `the request body exceeds the limit of ${MAX_BODY_BYTES} bytes`);
  return statusCode < 500 ? invalid('', reasonOf(error)) : undefined;
}

function sendError(reply: FastifyReply, error: ArkError, requestId: string): FastifyReply {
  if (error.errorCode !== undefined) reply.header('x-error-code', error.errorCode);
  reply.code(error.status).header('content-type', JSON_TYPE);
  return reply.send(JSON.stringify(errorBody(error.status, error, requestId)));
}

function noteFailure(error: unknown, { raw }: FastifyReply, journal: Journal): void {
  const exchange: object = raw;
  if (exchange instanceof Exchange) recordFailure(error, exchange.connection, exchange);
  else journal.bug(error);
}

function answerErrors(app: FastifyInstance, { journal }: Lane): void {
  app.setErrorHandler((error, request, reply) => {
    const known = toArkError(error);
    if (!known) noteFailure(error, reply, journal);
    // Fastify closes the connection after a body it could not parse. This one was read to its end, so it can stay.
    if (error instanceof ArkError) reply.removeHeader('connection');
    return sendError(reply, known ?? new ArkError('InternalServiceError'), request.requestId);
  });
  app.setNotFoundHandler((request: FastifyRequest, reply) => {
    const [path] = request.url.split('?');
    return sendError(reply, new ArkError('InvalidAction', { subject: path }), request.requestId);
  });
}

/** Lets every route of an app speak as the service does: headers, body parsing and error bodies.
 * @returns what makes the ids of its answers */
export function speakArk(app: FastifyInstance, lane: Lane): () => string {
  const nextRequestId = createRequestIds(lane);
  stampAnswers(app, nextRequestId);
  parseBodies(app);
  answerErrors(app, lane);
  return nextRequestId;
}

/**
 * Puts the mocked Ark video task API and the storage of its results on an app: reference, sections 1 to 8 and 11.
 * Headers, body parsing and error bodies hold for every other route of the app too.
 *
 * @returns what answers plain polls without the app, and tells whether it did
 */
export function registerApi(app: FastifyInstance, deps: ApiDeps): ReturnType<typeof createPollShortcut> {
  const nextRequestId = speakArk(app, deps.lane);
  const renderTask = createTaskJson(deps.videos);
  registerTaskRoutes(app, { ...deps, renderTask });
  registerVideoRoutes(app, deps);
  return createPollShortcut({ ...deps, renderTask, nextRequestId });
}
