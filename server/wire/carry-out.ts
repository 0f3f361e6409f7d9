import type { EndAt, ResponseEnd, ResponsePlan } from '../faults/plans.ts';
import { closeConnection, handedToKernel } from './closing.ts';
import type { Exchange, Headers } from './exchange.ts';
import { drainSession } from './http2.ts';

/** The answer as the service would give it, before any fault. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where HTTP has none. */
  readonly body: Uint8Array;
}

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

/** Carries out the rest, from the first byte of the answer to its planned or natural end. */
export async function carryOutAnswer(exchange: Exchange, plan: ResponsePlan, answer: Answer): Promise<void> {
  const { end } = plan;
  announce(exchange, plan);
  if (exchange.abandoned) return;
  await pause(exchange, plan.delayAfterMs);
  if (exchange.destroyed) return;
  if (end?.at === 'after-commit') return endExchange(exchange, end);

  exchange.writeHead(answer.status, answer.headers);
  if (end?.at === 'headers') return endExchange(exchange, end);

  await sendPaced(exchange, plan, answer.body.subarray(0, sentBytes(answer.body.byteLength, end?.at)));
  if (exchange.destroyed) return;
  // A body that is shorter than `bodyBytes` ends where it ends, before its END_STREAM.
  if (end) return endExchange(exchange, end);
  exchange.end();
}

/** Sends planned frames and a planned GOAWAY once; on HTTP/1.1 the head of the answer says `connection: close` for GOAWAY. */
function announce(exchange: Exchange, { goaway, extraFrames = [] }: ResponsePlan): void {
  const { connection, stream } = exchange;
  for (const extra of extraFrames.splice(0)) void connection.tap?.add(extra, stream);
  if (!goaway || exchange.goawaySent) return;
  exchange.goawaySent = true;
  drainSession(connection, goaway, exchange.struckBy.join(', '));
}

function sentBytes(bodyBytes: number, at: EndAt | undefined): number {
  if (typeof at !== 'object') return bodyBytes;
  return 'share' in at ? Math.floor(bodyBytes * at.share) : at.bodyBytes;
}

async function sendPaced(exchange: Exchange, plan: ResponsePlan, bytes: Uint8Array): Promise<void> {
  if (bytes.byteLength === 0) return;
  const { bytesPerSecond, pieceBytes } = plan;
  if (bytesPerSecond === undefined && pieceBytes === undefined) return exchange.send(bytes);
  const paced = Math.floor((bytesPerSecond ?? Number.POSITIVE_INFINITY) / PACED_PIECES_PER_SECOND);
  const piece = pieceBytes ?? Math.max(1, Math.min(PACED_PIECE_BYTES, paced));
  for (let at = 0; at < bytes.byteLength && !exchange.destroyed; at += piece) {
    const part = bytes.subarray(at, at + piece);
    if (bytesPerSecond !== undefined) await pause(exchange, (part.byteLength / bytesPerSecond) * 1_000);
    await exchange.send(part);
  }
}

/** Ends an exchange before its time, as planned. */
async function endExchange(exchange: Exchange, { how, code }: ResponseEnd): Promise<void> {
  const { connection } = exchange;
  const reason = exchange.faultReason;
  await handedToKernel(connection);
  exchange.abandoned = true;
  exchange.lane.journal.append({
    type: 'response.abandoned',
    connection: exchange.seat.id,
    request: exchange.id,
    ...(exchange.stream !== undefined && { stream: exchange.stream }),
    how,
    ...reason,
  });
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
