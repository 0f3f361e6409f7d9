import { z } from 'zod';
import type { Match } from '../../scenario/scenario.ts';
import { errorCode, errorCodes } from '../error-codes.ts';
import { EXACT_BYTES } from '../exact-bytes.ts';
import { defineFault } from '../fault.ts';

const words = {
  reset: 'reset the connection',
  fin: 'close the connection',
  'rst-stream': 'reset the stream',
  hang: 'fall silent',
} as const;

/**
 * The answer ends before its time. `after-commit` is the trap that idempotency is for: the task exists, and the
 * client never learns its id.
 */
export const end = defineFault({
  name: 'end',
  on: ['request', 'response'],
  summary: 'Ends an answer before its time: before or after the work is done, or in the middle of the body.',
  params: z.strictObject({
    at: z
      .union([
        z.enum(['before-commit', 'after-commit', 'headers']),
        z.strictObject({ bodyBytes: z.int().min(0).describe(`How much of the body is sent. ${EXACT_BYTES}`) }),
      ])
      .describe('Where: before the request is carried out, after it, after the headers, or in the body.'),
    how: z
      .enum(['reset', 'fin', 'rst-stream', 'hang'])
      .default('reset')
      .describe('How; a stream alone, or all of them.'),
    code: errorCode.optional().describe('What RST_STREAM says; left out, INTERNAL_ERROR.'),
  }),
  decides: 'end',
  withholds: ({ at }) => (typeof at === 'object' ? [] : at === 'headers' ? ['body'] : ['head', 'body']),
  contradiction: ({ at, how, code }, { on, match }) => {
    if (at === 'before-commit' && on === 'response')
      return contradict('at', 'On "response" the request has been carried out already.', 'Write `on: request`.');
    if (at === 'after-commit' && readsOnly(match))
      return contradict('at', 'A GET or HEAD commits nothing.', 'Write `at: headers`, or match another method.');
    if (code !== undefined && how !== 'rst-stream')
      return contradict('code', `Only RST_STREAM carries a code; "${how}" does not.`, 'Write `how: rst-stream`.');
    return undefined;
  },
  explain: ({ at, how, code }) => `${words[how]}${code ? ` with ${code}` : ''} ${explainPlace(at)}`,
  apply({ plan }, { at, how, code }) {
    // What Go's net/http, nginx and Envoy send when a handler fails in the middle of its answer.
    plan.end ??= { at, how, code: errorCodes[code ?? 'INTERNAL_ERROR'] };
  },
});

const contradict = (param: string, reason: string, instead: string) => ({ param, reason, instead });

function readsOnly({ method }: Match): boolean {
  const methods = [method ?? []].flat();
  return methods.length > 0 && methods.every((name) => /^(get|head)$/i.test(name));
}

function explainPlace(at: 'before-commit' | 'after-commit' | 'headers' | { readonly bodyBytes: number }): string {
  switch (at) {
    case 'before-commit':
      return 'before the request is carried out';
    case 'after-commit':
      return 'after the request was carried out, before any answer';
    case 'headers':
      return 'after the headers';
  }
  return `after ${at.bodyBytes} bytes of the body`;
}
