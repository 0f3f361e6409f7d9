import { createHash, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Clock } from '../clock.ts';
import type { PlannedStatus, ResponsePlan } from '../faults/plans.ts';
import { readReportedTime } from '../rules/heartbeat.ts';
import type { Facts } from '../scenario/scenario.ts';
import { alterAnswer } from './alter-answer.ts';
import { noteBeat } from './beats.ts';
import { attemptExchange } from './boundary.ts';
import { type Answer, BODILESS, carryOutAnswer, carryOutBefore } from './carry-out.ts';
import { Exchange } from './exchange.ts';
import { intentOfBody, MAX_INTENT_BYTES } from './intent-of-body.ts';
import type { HandleExchange } from './listener.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, set by whoever parses it. */
    bodyText: string;
  }
}

/** Makes the answer for a planned status: the API owns the shape of its error bodies. */
export type RenderStatus = (
  status: PlannedStatus,
  requestId: string,
  clock: Clock,
) => { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/**
 * Puts the hooks `request` and `response` into a Fastify app: each request is noted, asks the scenario, and is answered
 * by its plan. A request that no fault struck goes through Fastify untouched.
 *
 * `shortcut` may answer an exchange before Fastify sees it, and says whether it did.
 * Call it after the API has registered its own hooks, so that a planned answer carries the API's headers.
 *
 * @returns what a listener hands its exchanges to, once the app is ready
 */
export function carryMessages(
  app: FastifyInstance,
  {
    renderStatus,
    shortcut,
  }: {
    readonly renderStatus: RenderStatus;
    readonly shortcut: (exchange: Exchange, request: object) => boolean;
  },
): HandleExchange {
  // Each of the hooks has the boundary: Fastify would answer an error of theirs through the very hooks that fail.
  app.addHook('onRequest', (request, reply, next) => {
    const exchange = exchangeOf(reply);
    attemptExchange(exchange, () => {
      const plan = receiveRequest(exchange);
      if (!plan) return next();
      if (isAnsweredUnread(plan)) digestBody(exchange, request.raw);
      else watchBody(exchange, request.raw);
      return answerBefore(plan);
    });
    async function answerBefore(plan: ResponsePlan): Promise<void> {
      if (!(await carryOutBefore(exchange, plan))) return;
      if (!plan.statusBefore) return next();
      const { headers, body } = renderStatus(plan.statusBefore, requestIdOf(reply), exchange.lane.clock);
      reply.code(plan.statusBefore.code).headers(headers).send(body);
    }
  });

  app.decorateRequest('bodyText', '');
  app.addHook('preValidation', (request, reply, next) => {
    const { bodyText } = request;
    const exchange = exchangeOf(reply);
    attemptExchange(exchange, () => {
      if (bodyText !== '') noteBody(exchange, Buffer.byteLength(bodyText), hash('sha256', bodyText), bodyText);
      next();
    });
  });

  app.addHook('onSend', (_request, reply, payload, next) => {
    const exchange = exchangeOf(reply);
    attemptExchange(exchange, () => {
      if (!exchange.plan?.statusBefore) exchange.noteCarriedOut(reply.statusCode);
      // Of an answer that reaches nobody there is nothing to strike or to count.
      const plan = exchange.destroyed ? undefined : askScenario(exchange, 'response', { status: reply.statusCode });
      if (!plan) return next(null, payload);
      // `next` is never called: the executor answers in Fastify's place, which would answer again if the client left.
      reply.hijack();
      const answer = answerOf(exchange, plan, reply, payload, renderStatus);
      return carryOutAnswer(exchange, plan, alterAnswer(answer, plan));
    });
  });

  // Fastify asks of a request and a response what ours can do; its types name Node's own classes.
  return (exchange, request) => {
    if (!shortcut(exchange, request)) app.routing(request as never, exchange as never);
  };
}

/** Notes a request and the heartbeat that it may bring, and asks the scenario what becomes of it.
 * @returns the plan, absent where nothing struck */
export function receiveRequest(exchange: Exchange): ResponsePlan | undefined {
  exchange.noteReceived();
  const reported = exchange.headers['x-client-timestamp'];
  if (reported !== undefined) noteBeat(exchange.connection, 'header', readReportedTime(reported), String(reported));
  return askScenario(exchange, 'request');
}

/** Asks the scenario at a stop of a message; what strikes there writes into the one plan of the exchange.
 * @returns that plan, absent while nothing has struck */
export function askScenario(
  exchange: Exchange,
  hook: 'request' | 'video' | 'response',
  more: Facts = {},
): ResponsePlan | undefined {
  const { lane } = exchange;
  if (!lane.armed(hook)) return exchange.plan;
  const plan = exchange.plan ?? blankPlan();
  const facts = { ...factsOf(exchange), ...more };
  const struckBy = lane.strike(
    hook,
    facts,
    { plan, stage: hook, frames: exchange.connection.frames },
    whereOf(exchange),
  );
  if (struckBy.length === 0) return exchange.plan;
  exchange.struckBy = [...exchange.struckBy, ...struckBy];
  exchange.plan = plan;
  return plan;
}

function answerOf(
  exchange: Exchange,
  plan: ResponsePlan,
  reply: FastifyReply,
  payload: unknown,
  renderStatus: RenderStatus,
): Answer {
  const planned = plan.statusAfter;
  const rendered = planned && renderStatus(planned, requestIdOf(reply), exchange.lane.clock);
  const headers = { ...reply.getHeaders(), ...rendered?.headers };
  const body = rendered ? rendered.body : payload;
  const status = planned?.code ?? reply.statusCode;
  const bytes = body === null || body === undefined ? Buffer.alloc(0) : Buffer.from(body as string | Uint8Array);
  return wholeAnswer(exchange, { status, headers, body: bytes });
}

/** An answer whose body is held whole, as HTTP wants it: its length told, and no body where there can be none. */
export function wholeAnswer(
  { method }: Exchange,
  { status, headers, body }: Answer & { readonly body: Uint8Array },
): Answer {
  if (BODILESS.includes(status)) {
    const { 'content-type': _type, 'content-length': _length, ...rest } = headers;
    return { status, headers: status === 205 ? { ...rest, 'content-length': 0 } : rest, body: Buffer.alloc(0) };
  }
  return {
    status,
    headers: { ...headers, 'content-length': body.byteLength },
    body: method === 'HEAD' ? Buffer.alloc(0) : body,
  };
}

/** Whether a request has its answer, or its end, before anybody has read its body. */
export const isAnsweredUnread = ({ statusBefore, end }: ResponsePlan): boolean =>
  statusBefore !== undefined || (end?.at === 'before-commit' && end.how !== 'hang');

/** Reads and throws away the body of a request that is answered without it, and notes it if all of it comes: by its body a request is
 * known when it is sent again. On HTTP/2 its window would stay shut, besides. */
export function digestBody(exchange: Exchange, request: object): void {
  if (!(request instanceof Readable)) return;
  const body: Body = request;
  const digest = new BodyDigest();
  body.on('data', (piece: Buffer) => digest.add(piece));
  body.once('end', () => digest.note(exchange, body));
}

/** Notes the body of a request that a fault lets wait, while it comes: its client may leave before anybody reads it. The body stays
 * where it is, and so does what comes behind the first pieces that its stream takes. */
export function watchBody(exchange: Exchange, request: object): void {
  if (!(request instanceof Readable)) return;
  const body: Body = request;
  if (!hasBody(exchange, body)) return;
  const digest = new BodyDigest();
  const { push } = body;
  body.push = (piece: Buffer | null, encoding) => {
    if (piece !== null) digest.add(piece);
    else if (digest.bytes > 0) digest.note(exchange, body);
    // The end of an empty one would be over before anybody listens.
    else if (!body.readableFlowing) {
      body.once('resume', () => push.call(body, null));
      return false;
    }
    return push.call(body, piece, encoding);
  };
  body.read(0);
}

/** A stream of Node's: of either version of HTTP. */
type Body = Readable & { readonly aborted?: boolean; readonly rstCode?: number; readonly endAfterHeaders?: boolean };

/** Whether a body follows the head of a request: RFC 9112, section 6.3; on HTTP/2, unless END_STREAM came with the head. */
export function hasBody({ headers, stream }: Exchange, { endAfterHeaders }: Pick<Body, 'endAfterHeaders'>): boolean {
  if (stream !== undefined) return !endAfterHeaders;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The digest of a body that comes in pieces. */
class BodyDigest {
  readonly #hash = createHash('sha256');
  readonly #pieces: Buffer[] = [];
  bytes = 0;

  add(piece: Buffer): void {
    this.#hash.update(piece);
    this.bytes += piece.byteLength;
    if (this.bytes <= MAX_INTENT_BYTES) this.#pieces.push(piece);
  }

  /** Node ends a stream that the client has reset as if it were whole. */
  note(exchange: Exchange, { aborted, rstCode }: Body): void {
    if (this.bytes === 0 || aborted || rstCode) return;
    const text = this.bytes <= MAX_INTENT_BYTES ? Buffer.concat(this.#pieces).toString() : '';
    noteBody(exchange, this.bytes, this.#hash.digest('hex'), text);
  }
}

/** @param digest SHA-256 in hexadecimal digits, the first of which the journal keeps
 * @param text the body; empty where it was not kept */
export function noteBody(exchange: Exchange, bytes: number, digest: string, text: string): void {
  if (exchange.bodyNoted) return;
  exchange.bodyNoted = true;
  const { lane, seat, id, method, url } = exchange;
  const intent = intentOfBody(method, url, text);
  lane.journal.append({
    ...{ type: 'request.body', connection: seat.id, request: id, bytes, digest: digest.slice(0, DIGEST_DIGITS) },
    ...(intent !== undefined && { intent }),
  });
}

const DIGEST_DIGITS = 16;

export const whereOf = ({ id, stream }: Exchange) => ({ request: id, ...(stream !== undefined && { stream }) });

export const blankPlan = (): ResponsePlan => ({ delayBeforeMs: 0, delayAfterMs: 0 });

const requestIdOf = (reply: FastifyReply): string => String(reply.getHeader('x-request-id') ?? '');

/** The exchange behind a reply. */
export function exchangeOf(reply: FastifyReply): Exchange {
  const raw: object = reply.raw;
  if (raw instanceof Exchange) return raw;
  throw new TypeError('This app answers exchanges of its listener only.');
}

const TASK_PATH = /\/contents\/generations\/tasks\/([^/?]+)/;

/** What is known of a request when it comes. */
export const factsOf = (exchange: Exchange): Facts => {
  const task = TASK_PATH.exec(exchange.url)?.[1];
  return {
    connection: exchange.seat.id,
    client: exchange.account,
    method: exchange.method,
    path: exchange.url,
    headers: exchange.headers,
    ...(exchange.connection.protocol && { protocol: exchange.connection.protocol }),
    ...(task !== undefined && { task }),
  };
};
