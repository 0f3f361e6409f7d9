import type { CallbackNews } from '../journal.ts';
import type { RetryClassName } from '../scenario/scenario.ts';
import { EVENT_SCHEMA_VERSION } from './callback-contract.ts';
import type { Letter } from './callback-post.ts';
import type { Task } from './task.ts';

/** What a callback tells, and by which rules it is delivered. */
export interface Callback {
  readonly news: CallbackNews;
  readonly letter: Letter;
  readonly class: RetryClassName;
  /** Which of the lane's callbacks it is, from 1: chance goes by it. */
  readonly ordinal: number;
}

/** What a task's present status is to its receiver. */
export function describeNews({ id, status, version, caller }: Task, { origin, pathname }: URL): CallbackNews {
  const bizId = id;
  return { task: id, status, url: `${origin}${pathname}`, bizId, opType: `task.${status}`, version, ...caller.trace };
}

/** `biz-id:op-type:version` is the key by which a receiver knows a callback that it has had before (reference, D3), and
 * `schema-version` the schema that its body fits (D2). */
export const headersOf = ({ bizId, opType, version, traceparent, asyncTraceId }: CallbackNews, body: Uint8Array) => ({
  'content-type': 'application/json',
  'content-length': body.byteLength,
  'user-agent': 'seedance-mock',
  'biz-id': bizId,
  'op-type': opType,
  version: String(version),
  'schema-version': String(EVENT_SCHEMA_VERSION),
  ...(traceparent !== undefined && { traceparent }),
  ...(asyncTraceId !== undefined && { 'x-async-trace-id': asyncTraceId }),
});
