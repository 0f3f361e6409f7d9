import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** The storage answers as it does after 24 h. A new URL comes with the next poll of the task, so a client can go on. */
export const expiredUrl = defineFault({
  name: 'expired-url',
  on: ['video'],
  summary: 'Refuses the URL of a result with 403, as the storage does once its signature has expired.',
  params: z.strictObject({}),
  decides: 'status',
  shapes: 'head',
  explain: () => 'answer 403, as if the URL had expired',
  apply({ plan }) {
    plan.urlExpired = true;
  },
});
