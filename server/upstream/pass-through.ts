import type { PlannedStatus } from '../faults/plans.ts';
import { errorBody } from '../seedance/errors.ts';
import { API_PREFIX, JSON_TYPE } from '../seedance/paths.ts';
import { renderPlannedStatus } from '../seedance/planned-status.ts';
import { alterAnswer } from '../wire/alter-answer.ts';
import { attemptExchange } from '../wire/boundary.ts';
import { type Answer, BODILESS, carryOutAnswer, carryOutBefore, endExchange } from '../wire/carry-out.ts';
import type { Exchange, Headers } from '../wire/exchange.ts';
import {
  askScenario,
  blankPlan,
  digestBody,
  isAnsweredUnread,
  receiveRequest,
  watchBody,
  whereOf,
  wholeAnswer,
} from '../wire/messages.ts';
import { isStreamed, learnLength } from '../wire/streamed-body.ts';
import { AnswerBody } from './answer-body.ts';
import type { Upstream } from './connections.ts';
import { UpstreamError, type UpstreamFailure } from './failures.ts';
import { answerFields, requestFields } from './fields.ts';
import type { Prefix } from './prefix.ts';
import { passBody, type RequestBody } from './request-body.ts';
import { readTaskCall, type TaskCall, type TaskSightings } from './task-sightings.ts';

/** What passing through takes. */
export interface PassThroughDeps {
  readonly upstream: Upstream;
  readonly sightings: TaskSightings;
  readonly nextRequestId: () => string;
}

/** One of the four ways to send a heartbeat (service rules, A6); no real service has it, so it stays here. */
const isOurs = ({ method, url }: Exchange): boolean =>
  method === 'POST' && url.split('?')[0] === `${API_PREFIX}/heartbeat`;

/**
 * Passes calls through to an upstream, in place of the API: with the hooks `request` and `response` before and behind it, both bodies
 * at the pace of whoever reads them, and nothing kept of what they and their fields hold but what the journal of our own service would
 * say.
 *
 * @returns a function that takes a call over, and tells whether it has
 */
export function createPassThrough(deps: PassThroughDeps): (exchange: Exchange, request: object) => boolean {
  return (exchange, request) => {
    // CONNECT has no path, and `OPTIONS *` is for us.
    if (!exchange.url.startsWith('/') || isOurs(exchange)) return false;
    attemptExchange(exchange, () => passThrough(deps, exchange, request));
    return true;
  };
}

async function passThrough(deps: PassThroughDeps, exchange: Exchange, request: object): Promise<void> {
  const plan = receiveRequest(exchange);
  if (plan && isAnsweredUnread(plan)) digestBody(exchange, request);
  else if (plan) watchBody(exchange, request);
  if (plan && !(await carryOutBefore(exchange, plan))) return;
  if (plan?.statusBefore) return sendAnswer(deps, exchange, plannedAnswer(deps, exchange, plan.statusBefore));
  const call = readTaskCall(exchange);
  const body = passBody(exchange, request, call?.does === 'create');
  try {
    await sendOn(deps, exchange, { call, body });
  } catch (error) {
    // There is nobody to tell any more.
    if (body.givenUp || exchange.destroyed || exchange.abandoned) return;
    if (!(error instanceof UpstreamError)) throw error;
    await answerFailure(deps, exchange, error.failure);
  } finally {
    body.stop();
  }
}

interface Passing {
  readonly call: TaskCall | undefined;
  readonly body: RequestBody;
}

/** Sends the call on and its answer back.
 * @throws UpstreamError */
async function sendOn(deps: PassThroughDeps, exchange: Exchange, { call, body }: Passing): Promise<void> {
  const { upstream, sightings } = deps;
  const { method, url, stream } = exchange;
  const commits = call?.does === 'create' || call?.does === 'delete';
  const leaving = new AbortController();
  exchange.onceClosed(() => {
    // What the upstream has been told to do it does, whoever still waits for it: its answer tells what.
    if (!(commits && body.sent)) leaving.abort();
  });
  exchange.notePassedOn();
  const {
    statusCode,
    headers,
    body: answered,
  } = await upstream.send({
    method,
    path: url,
    headers: requestFields(exchange.headers, stream === undefined ? '1.1' : '2'),
    body: body.stream,
    signal: leaving.signal,
  });
  exchange.noteCarriedOut(statusCode);
  const see = (prefix: Prefix) => {
    const encoding = [headers['content-encoding'] ?? []].flat().join(',');
    if (call) sightings.see({ exchange, call, answer: prefix.text(encoding), request: body.prefix });
  };
  const isSeen = call !== undefined && statusCode >= 200 && statusCode < 300;
  const arriving = new AnswerBody(answered, {
    byteLength: readLength(headers['content-length']),
    ...(isSeen && { see }),
  });
  try {
    const hasNone = method === 'HEAD' || BODILESS.includes(statusCode);
    if (hasNone) await arriving.settle();
    if (exchange.destroyed) return;
    await sendAnswer(deps, exchange, {
      status: statusCode,
      headers: answerFields(headers, statusCode, upstream.version),
      body: hasNone ? Buffer.alloc(0) : arriving,
    });
  } finally {
    await arriving.settle();
  }
}

const readLength = (value: Headers[string]): number | undefined =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;

/** Asks the scenario what becomes of an answer, and carries that out.
 * @throws what a streamed body fails with */
async function sendAnswer(deps: PassThroughDeps, exchange: Exchange, answer: Answer): Promise<void> {
  const plan = askScenario(exchange, 'response', { status: answer.status }) ?? blankPlan();
  const { statusAfter } = plan;
  if (statusAfter && isStreamed(answer.body)) await answer.body.settle();
  const given = statusAfter ? plannedAnswer(deps, exchange, statusAfter) : await learnLength(answer, plan);
  await carryOutAnswer(exchange, plan, alterAnswer(given, plan));
}

/** The answer to a fault's status, as our own service would give it. */
function plannedAnswer({ nextRequestId }: PassThroughDeps, exchange: Exchange, planned: PlannedStatus): Answer {
  const requestId = nextRequestId();
  const { headers, body } = renderPlannedStatus(planned, requestId, exchange.lane.clock);
  const said = exchange.headers['x-client-request-id'];
  const own = { 'x-request-id': requestId, server: 'istio-envoy', ...(said && { 'x-client-request-id': said }) };
  return wholeAnswer(exchange, { status: planned.code, headers: { ...own, ...headers }, body: Buffer.from(body) });
}

/** RFC 9113, section 7. */
const INTERNAL_ERROR = 2;

/** Failures before the upstream could be sent anything (RFC 9209, section 2.3). */
const NEVER_SENT: readonly string[] = [
  ...['dns_error', 'destination_ip_unroutable', 'connection_refused', 'connection_timeout'],
  ...['tls_certificate_error', 'proxy_loop_detected'],
];

/** Tells the client that the upstream has failed it: by an answer, or where that has begun by its end. */
async function answerFailure(deps: PassThroughDeps, exchange: Exchange, failure: UpstreamFailure): Promise<void> {
  const { error, reason, status } = failure;
  if (NEVER_SENT.includes(error)) exchange.committed = 'no';
  const isLate = exchange.headersSent;
  exchange.lane.journal.append({
    type: 'upstream.failed',
    connection: exchange.seat.id,
    ...whereOf(exchange),
    error,
    reason,
    ...(!isLate && { status }),
  });
  if (isLate)
    return endExchange(exchange, { how: 'rst-stream', code: INTERNAL_ERROR }, { by: 'upstream', cause: error });
  const requestId = deps.nextRequestId();
  const message = `The upstream of seedance-mock gave no answer: ${error}.`;
  const headers = {
    'content-type': JSON_TYPE,
    'x-request-id': requestId,
    // RFC 9209: the one sign by which a client can tell this from an answer of the upstream.
    'proxy-status': `seedance-mock; error=${error}`,
  };
  const body = Buffer.from(JSON.stringify(errorBody(status, { message }, requestId)));
  await sendAnswer(deps, exchange, wholeAnswer(exchange, { status, headers, body }));
}
