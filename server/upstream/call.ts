import type { Readable } from 'node:stream';
import type { Headers } from '../wire/exchange.ts';

/** A call as it goes to the upstream. */
export interface UpstreamCall {
  readonly method: string;
  readonly path: string;
  /** Names in lower case; no connection-specific fields. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Null if there is none. */
  readonly body: Readable | null;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** An answer: its head, and its body as it arrives. */
export interface UpstreamAnswer {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: UpstreamBody;
}

/** A body. Reading it throws an UpstreamError if it does not arrive completely. */
export interface UpstreamBody extends AsyncIterable<Uint8Array> {
  /** Gives up the rest. */
  destroy(): void;
}
