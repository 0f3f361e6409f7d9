import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Above this it is a flood, not a slip of a queue. */
const MAX_COPIES = 100;

/** Reference, D1: without idempotency a payment ran twice. Each copy follows when the one before is acknowledged or given up. */
export const duplicate = defineFault({
  name: 'duplicate',
  on: ['callback'],
  summary: 'Delivers a callback again although it was acknowledged: same body, same headers.',
  params: z.strictObject({
    times: z.int().min(1).max(MAX_COPIES).default(1).describe('How many more times it is delivered.'),
  }),
  explain: ({ times }) => `deliver it ${times === 1 ? 'twice' : `${times + 1} times`}`,
  applies: ({ plan }) => !plan.dropped,
  apply({ plan }, { times }) {
    plan.copies += times;
  },
});
