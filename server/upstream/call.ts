import type { Readable } from 'node:stream';
import type { Headers } from '../wire/exchange.ts';

/** A call as it goes to the upstream. */
export interface UpstreamCall {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, without the fields of one connection. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Null where there is none. */
  readonly body: Readable | null;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** The head of an answer, and its body as somebody reads it. */
export interface UpstreamAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: UpstreamBody;
}

/** Reading it throws an UpstreamError unless the whole of it comes. */
export interface UpstreamBody extends AsyncIterable<Uint8Array> {
  /** Gives up the rest. */
  destroy(): void;
}
