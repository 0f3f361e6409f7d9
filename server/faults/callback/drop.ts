import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** A receiver that counts on callbacks alone waits for ever; one that polls as well does not notice. */
export const drop = defineFault({
  name: 'drop',
  on: ['callback'],
  summary: 'Lets a callback get lost: it is never sent, and no other fault has an effect on it.',
  params: z.strictObject({}),
  decides: 'delivery',
  explain: () => 'lose the callback',
  applies: ({ plan }) => !plan.dropped,
  apply({ plan }) {
    plan.dropped = true;
  },
});
