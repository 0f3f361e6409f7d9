import type { Lane } from '../lane.ts';
import type { Facts } from '../scenario/scenario.ts';
import type { Exchange } from '../wire/exchange.ts';
import { API_PREFIX, JSON_TYPE, type ResultPlace, resultOrigin, TASKS_PATH } from './paths.ts';
import { resultOf } from './result-shape.ts';
import type { RenderTask } from './task-json.ts';
import type { TaskStore } from './task-store.ts';

const POLL_PREFIX = `${API_PREFIX}${TASKS_PATH}/`;
const USABLE_KEY = /^Bearer \S/;
/** A request with one of these wants more than the task: another answer, or a heartbeat to be noted. */
const UNUSUAL_HEADERS = ['origin', 'x-client-request-id', 'x-client-timestamp'] as const;

/** What the shortcut shares with the routes, so that both give the same answer. */
export interface PollShortcutDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly renderTask: RenderTask;
  readonly nextRequestId: () => string;
  readonly results: ResultPlace;
}

/**
 * Answers a plain poll without router and hooks: nearly every request is one, and they cost as much again
 * as all that Node does for it. Whatever is out of the ordinary goes the long way, and a test shows the two to agree.
 *
 * @returns a function that tells whether it has answered
 */
export function createPollShortcut(deps: PollShortcutDeps): (exchange: Exchange) => boolean {
  const { lane, tasks, renderTask, nextRequestId, results } = deps;
  return (exchange) => {
    const { method, url, headers } = exchange;
    if (method !== 'GET' || !url.startsWith(POLL_PREFIX) || lane.scenario.limits) return false;
    if (mayBeStruck(lane, exchange)) return false;
    if (!USABLE_KEY.test(headers.authorization ?? '')) return false;
    for (const name of UNUSUAL_HEADERS) if (headers[name] !== undefined) return false;
    const id = url.slice(POLL_PREFIX.length);
    // What it is shown goes to the journal at once, and the request has to come before.
    if (tasks.looksBack(id)) return false;
    const task = tasks.show(id);
    if (!task) return false;

    exchange.noteReceived();
    lane.results.note(resultOf(task), exchange.client);
    const body = renderTask(task, resultOrigin(exchange, results));
    exchange.writeHead(200, {
      'x-request-id': nextRequestId(),
      server: 'istio-envoy',
      'content-type': JSON_TYPE,
      'content-length': body.byteLength,
    });
    exchange.end(body);
    return true;
  };
}

/** Whether a fault would look at the poll, or at the 200 that this shortcut would answer. */
function mayBeStruck(lane: Lane, exchange: Exchange): boolean {
  const [onRequest, onResponse] = [lane.armed('request'), lane.armed('response')];
  if (!onRequest && !onResponse) return false;
  // All that a match on these two hooks can read.
  const { method, url: path, headers } = exchange;
  const facts: Facts = { method, path, headers, protocol: exchange.connection.protocol, status: 200 };
  return (onRequest && lane.concerns('request', facts)) || (onResponse && lane.concerns('response', facts));
}
