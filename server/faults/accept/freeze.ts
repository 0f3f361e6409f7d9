import { z } from 'zod';
import { duration, MAX_DELAY_MS, renderDuration } from '../../scenario/duration.ts';
import { defineFault } from '../fault.ts';
import { transportOf } from './transport.ts';

const pause = () => duration({ maxMs: MAX_DELAY_MS, over: 'DELAY_TOO_LONG' });

/** A route that fails and comes back: nothing is lost, all of it is late. The idle and heartbeat rules go on counting. */
export const freeze = defineFault({
  name: 'freeze',
  on: ['accept'],
  summary: 'Lets nothing pass in either direction for a while, and then goes on where it stopped.',
  params: z.strictObject({
    after: pause().default(0).describe('How long after the accept it begins.'),
    for: duration({ minMs: 1, maxMs: MAX_DELAY_MS, over: 'DELAY_TOO_LONG' }).describe('How long it lasts.'),
  }),
  decides: 'freeze',
  explain: ({ after, for: forMs }) =>
    `let nothing pass for ${renderDuration(forMs)}, from ${after > 0 ? `${renderDuration(after)} after ` : ''}the accept on`,
  apply({ plan }, { after, for: forMs }) {
    transportOf(plan).freeze ??= { afterMs: after, forMs };
  },
});
