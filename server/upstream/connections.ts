import type { OwnPorts } from '../own-ports.ts';
import type { Headers } from '../wire/exchange.ts';
import type { UpstreamAnswer, UpstreamBody, UpstreamCall } from './call.ts';
import { Dialer } from './dialer.ts';
import { UpstreamError, type UpstreamFailure } from './failures.ts';
import { openHttp1 } from './http1-connections.ts';
import { Http2Connections } from './http2-connections.ts';
import type { UpstreamTarget } from './target.ts';

/** Enough for any rehearsal: over HTTP/2 each carries a hundred calls. */
const MAX_CONNECTIONS = 64;
/** The service resets what was silent for 8 s (reference, rule A5). */
const UNUSED_LIMIT_MS = 4_000;
/** RFC 9110, section 15. */
const MAX_STATUS = 599;
/** Measured as in RFC 9113, section 6.5.2. nghttp2 sends at most 64 KiB, else nothing at all. */
const MAX_HEAD_BYTES = 49_152;
const FIELD_OVERHEAD_BYTES = 32;

/** How long an upstream may take, in real time: it keeps its own. */
export interface UpstreamPatience {
  readonly connectMs: number;
  /** From the end of the request to the head of the answer, and from one piece of the body to the next. */
  readonly answerMs: number;
}
const PATIENCE: UpstreamPatience = { connectMs: 10_000, answerMs: 300_000 };

/** The connections to an upstream, shared by all who pass calls through to it. */
export interface Upstream {
  /** Scheme and authority. */
  readonly origin: string;
  /** The version of HTTP that it speaks, as a `Via` field writes it (RFC 9110, section 7.6.3). */
  readonly version: '2' | '1.1';
  /** Sends a call.
   * @throws UpstreamError when no answer comes */
  send(call: UpstreamCall): Promise<UpstreamAnswer>;
  /** Ends every connection, and what is under way on it. */
  close(): Promise<void>;
}

/** Opens the way to an upstream; the first call connects. HTTP/2 is spoken where its TLS offers it. */
export async function openUpstream(
  target: UpstreamTarget,
  ownPorts: OwnPorts,
  { connectMs, answerMs }: UpstreamPatience = PATIENCE,
): Promise<Upstream> {
  const { origin } = target;
  const setting = { origin, connectMs, answerMs, unusedMs: UNUSED_LIMIT_MS, connections: MAX_CONNECTIONS };
  const dialer = new Dialer(target, ownPorts, connectMs);
  const http2 = new Http2Connections(dialer, setting);
  const connect = () =>
    http2.takeOther() ??
    dialer.connect(['http/1.1']).catch((error: unknown) => {
      // The upstream may speak another version by now.
      http2.forget();
      throw error;
    });
  const http1 = await openHttp1(connect, setting);
  return {
    origin,
    get version() {
      return http2.isSpoken ? '2' : '1.1';
    },
    send: async (call) => refuseUnfit((await http2.send(call)) ?? (await http1.send(call))),
    async close() {
      dialer.close();
      await http1.close();
    },
  };
}

/** Refuses an answer whose head cannot be sent to a client. */
function refuseUnfit(answer: UpstreamAnswer): UpstreamAnswer {
  const { statusCode, headers, body } = answer;
  if (statusCode > MAX_STATUS)
    return refuse(body, { error: 'http_protocol_error', reason: `${statusCode} is no status of HTTP` });
  if (sizeOf(headers) > MAX_HEAD_BYTES)
    return refuse(body, {
      error: 'http_response_header_section_size',
      reason: `its head is over ${MAX_HEAD_BYTES} bytes`,
    });
  return answer;
}

function refuse(body: UpstreamBody, failure: Pick<UpstreamFailure, 'error' | 'reason'>): never {
  body.destroy();
  throw new UpstreamError(failure);
}

function sizeOf(headers: Headers): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers))
    for (const one of [value].flat()) bytes += name.length + String(one).length + FIELD_OVERHEAD_BYTES;
  return bytes;
}
