import type { EndAt, ResponseEnd, ResponsePlan } from '../faults/plans.ts';
import { closeConnection, handedToKernel } from './closing.ts';
import type { Reason } from './connection.ts';
import type { Exchange, Headers } from './exchange.ts';
import { drainSession } from './http2.ts';
import { whenArrived } from './send-queue.ts';
import { isStreamed, MAX_AHEAD_BYTES, type StreamedBody } from './streamed-body.ts';

/** The answer as the service would give it, before any fault. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where HTTP has none. */
  readonly body: Uint8Array | StreamedBody;
  /** A fault left nothing that a client of the API could read. */
  readonly unreadable?: boolean;
}

/** No Content, Reset Content and Not Modified: what has a body all the same is malformed (RFC 9110, section 6.4.1). */
export const BODILESS: readonly number[] = [204, 205, 304];

/** Largest piece of a paced body, and how many pieces a second it is cut into at least. */
const PACED_PIECE_BYTES = 16_384;
const PACED_PIECES_PER_SECOND = 10;

/** Carries out what comes before the request is given to the API.
 * @returns whether to go on with it; `false` when this was the end, or nobody is left to answer */
export async function carryOutBefore(exchange: Exchange, plan: ResponsePlan): Promise<boolean> {
  announce(exchange, plan);
  // A stream above GOAWAY's last stream identifier was never processed: RFC 9113, section 6.8.
  if (exchange.abandoned) return false;
  await pause(exchange, plan.delayBeforeMs);
  if (exchange.destroyed) return false;
  if (plan.end?.at === 'before-commit') {
    await endExchange(exchange, plan.end);
    return false;
  }
  return true;
}

/** Carries out the rest, from the first byte of the answer to its planned or natural end.
 * @throws what a streamed body fails with; the answer has begun then, and has no end yet */
export async function carryOutAnswer(exchange: Exchange, plan: ResponsePlan, answer: Answer): Promise<void> {
  const { end } = plan;
  const { status, headers, body, unreadable = false } = answer;
  exchange.unreadable = unreadable;
  announce(exchange, plan);
  if (exchange.abandoned) return;
  await pause(exchange, plan.delayAfterMs);
  if (exchange.destroyed) return;
  if (end?.at === 'after-commit') return cutAnswer(exchange, end, body);

  if (isStreamed(body)) exchange.mayBreakOff = true;
  exchange.writeHead(status, headers);
  if (end?.at === 'headers') return cutAnswer(exchange, end, body);

  const bodyBytes = sentBytes(body.byteLength, end?.at);
  if (isStreamed(body)) await sendStream(exchange, plan, { body, bodyBytes });
  else await sendPaced(exchange, plan, body.subarray(0, bodyBytes));
  if (exchange.destroyed) return;
  // Over HTTP/1.1 an answer is whole with the last byte of its length: the client has it, and loses its connection alone.
  if (end && exchange.bytesWritten === exchange.contentLength) return endConnection(exchange, end);
  // Over HTTP/2 a body that is shorter than `bodyBytes` ends where it ends, before its END_STREAM.
  if (end) return cutAnswer(exchange, end, body);
  exchange.end();
}

/** Ends the connection behind an answer that is whole. */
async function endConnection(exchange: Exchange, { how }: ResponseEnd): Promise<void> {
  const { connection, faultReason } = exchange;
  exchange.end();
  await handedToKernel(connection);
  closeConnection(connection, how === 'rst-stream' ? 'reset' : how, faultReason);
}

/** Ends an answer before its time. What is left of a streamed one is settled first: the journal tells what was done before it
 * tells that nobody will hear of it. */
async function cutAnswer(exchange: Exchange, end: ResponseEnd, body: Answer['body']): Promise<void> {
  if (isStreamed(body)) await body.settle();
  return endExchange(exchange, end);
}

/** Sends planned frames and a planned GOAWAY once; on HTTP/1.1 the head of the answer says `connection: close` for GOAWAY. */
function announce(exchange: Exchange, { goaway, extraFrames = [] }: ResponsePlan): void {
  const { connection, stream } = exchange;
  for (const extra of extraFrames.splice(0)) connection.tap?.add(extra, stream);
  if (!goaway || exchange.goawaySent) return;
  exchange.goawaySent = true;
  drainSession(connection, goaway, exchange.struckBy.join(', '));
}

function sentBytes(bodyBytes: number | undefined, at: EndAt | undefined): number {
  if (typeof at !== 'object') return Number.POSITIVE_INFINITY;
  return 'share' in at ? Math.floor((bodyBytes ?? MAX_AHEAD_BYTES) * at.share) : at.bodyBytes;
}

/** Sends as much of a body as is wanted; the next piece is asked for once the one before is with the kernel. */
async function sendStream(
  exchange: Exchange,
  plan: ResponsePlan,
  { body, bodyBytes }: { readonly body: StreamedBody; readonly bodyBytes: number },
): Promise<void> {
  let sent = 0;
  if (sent === bodyBytes) return;
  for await (const piece of body) {
    const part = piece.subarray(0, bodyBytes - sent);
    sent += part.byteLength;
    // A client that counts has its answer with the last byte: by then the journal has to tell of its end.
    if (sent === body.byteLength && !plan.end && !isPaced(plan)) exchange.end(part);
    else await sendPaced(exchange, plan, part);
    if (sent >= bodyBytes || exchange.destroyed) return;
  }
}

const isPaced = ({ bytesPerSecond, pieceBytes }: ResponsePlan): boolean =>
  bytesPerSecond !== undefined || pieceBytes !== undefined;

async function sendPaced(exchange: Exchange, plan: ResponsePlan, bytes: Uint8Array): Promise<void> {
  if (bytes.byteLength === 0) return;
  const { bytesPerSecond, pieceBytes } = plan;
  if (!isPaced(plan)) return exchange.send(bytes);
  const paced = Math.floor((bytesPerSecond ?? Number.POSITIVE_INFINITY) / PACED_PIECES_PER_SECOND);
  const piece = pieceBytes ?? Math.max(1, Math.min(PACED_PIECE_BYTES, paced));
  for (let at = 0; at < bytes.byteLength && !exchange.destroyed; at += piece) {
    const part = bytes.subarray(at, at + piece);
    if (bytesPerSecond !== undefined) await pause(exchange, (part.byteLength / bytesPerSecond) * 1_000);
    await exchange.send(part);
  }
}

/** Ends an exchange before its time.
 * @param reason left out, the faults that planned it */
export async function endExchange(
  exchange: Exchange,
  { how, code }: Omit<ResponseEnd, 'at'>,
  reason: Reason = exchange.faultReason,
): Promise<void> {
  const { connection } = exchange;
  await handedToKernel(connection);
  if (how === 'reset') await whenArrived(connection);
  // The client may have left meanwhile: then it is not the fault that ended the answer.
  if (exchange.destroyed) return;
  exchange.noteAbandoned(how, reason);
  switch (how) {
    case 'reset':
    case 'fin':
      return closeConnection(connection, how, reason);
    case 'rst-stream':
      return exchange.resetStream(code, reason);
    case 'hang':
      if (exchange.destroyed) return;
      connection.hanging++;
      return exchange.onceClosed(() => {
        connection.hanging--;
      });
  }
}

const pause = (exchange: Exchange, ms: number): Promise<void> =>
  ms > 0 ? exchange.lane.clock.sleep(ms, exchange.signal) : Promise.resolve();
