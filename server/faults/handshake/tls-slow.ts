import { z } from 'zod';
import { delay, renderDuration } from '../../scenario/duration.ts';
import { transportOf } from '../accept/transport.ts';
import { defineFault } from '../fault.ts';

/** A handshake that goes on for longer than a client may wait: connect timeouts that stop at TCP do not notice. */
export const tlsSlow = defineFault({
  name: 'tls-slow',
  on: ['client-hello', 'handshake'],
  summary: "Sends the server's part of the TLS handshake late, at a crawl, or both.",
  params: z.strictObject({
    delay: delay().default(0).describe('Waited between the ClientHello and the first byte of the answer.'),
    bytesPerSecond: z.number().positive().optional().describe('Pace of the handshake; left out, unlimited.'),
  }),
  decides: 'pace',
  contradiction: ({ delay, bytesPerSecond }) =>
    delay === 0 && bytesPerSecond === undefined
      ? {
          reason: 'With neither a delay nor a pace the handshake is not slow.',
          instead: 'Write `delay: 5s`, `bytesPerSecond: 100`, or both.',
          param: '',
        }
      : undefined,
  explain: ({ delay, bytesPerSecond }) =>
    `send the TLS handshake${delay > 0 ? ` after ${renderDuration(delay)}` : ''}${bytesPerSecond === undefined ? '' : ` at ${bytesPerSecond} bytes a second`}`,
  apply({ plan }, { delay, bytesPerSecond }) {
    transportOf(plan).flight ??= { delayMs: delay, bytesPerSecond };
  },
});
