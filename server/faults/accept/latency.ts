import { z } from 'zod';
import { delay, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';
import { direction, explainDirection, waysOf } from './transport.ts';

/** A long way between client and service. Latencies of one connection add up; its bytes never overtake each other. */
export const latency = defineFault({
  name: 'latency',
  on: ['accept'],
  summary: 'Carries every byte late: in both directions, so that a round trip takes twice as long.',
  params: z.strictObject({
    ms: delay().describe('How late: milliseconds, or a duration such as 2s.'),
    jitter: delay().default(0).describe('By how much that differs, more or less, from one write to the next.'),
    direction: direction(),
  }),
  contradiction: ({ ms, jitter }) =>
    jitter > ms
      ? {
          reason: `A jitter of ${renderDuration(jitter)} around ${renderDuration(ms)} would carry bytes before they were sent.`,
          instead: 'Write a `jitter` of `ms` at most.',
          param: 'jitter',
        }
      : undefined,
  explain: ({ ms, jitter, direction }) =>
    `carry every byte ${renderDuration(ms)} late${jitter > 0 ? `, ${renderDuration(jitter)} more or less` : ''}, ${explainDirection(direction)}`,
  apply({ plan }, { ms, jitter, direction }) {
    for (const way of waysOf(plan, direction)) {
      way.latencyMs = (way.latencyMs ?? 0) + ms;
      way.jitterMs = (way.jitterMs ?? 0) + jitter;
    }
  },
});
