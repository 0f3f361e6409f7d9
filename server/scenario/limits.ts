import { z } from 'zod';

const count = z.int().min(0).optional();

const fourK = z.strictObject({
  createPerMinute: count.describe('Creates at 4k in a minute, per account and model.'),
  running: count.describe('Tasks at 4k that run at once, per account and model; others wait.'),
});

const own = z.strictObject({
  createPerMinute: count.describe('Creates in a minute, per account and model.'),
  getPerSecond: count.describe('Gets in a second, per account.'),
  listPerSecond: count.describe('Lists in a second, per account.'),
  deletePerSecond: count.describe('Deletes in a second, per account.'),
  running: count.describe('Tasks that run at once, per account and model; others wait in `queued`.'),
  queued: count.describe('Tasks in `queued`, per account; above, a create is answered with 429 QuotaExceeded.'),
  fourK: fourK.optional().describe('What holds for 4k in place of the above.'),
});

/** The service's limits in force; what is left out is not limited. An account is an API key. */
export type Limits = Readonly<z.output<typeof own>>;

const perSecond = { getPerSecond: 20, listPerSecond: 1, deletePerSecond: 20 };
// How many may be queued is not published; 120 stands in an older text.
const shared = { ...perSecond, queued: 120, fourK: { createPerMinute: 15, running: 1 } };

/** The limits of the reference, Ark API section 10. */
const plans = {
  individual: { ...shared, createPerMinute: 180, running: 3 },
  enterprise: { ...shared, createPerMinute: 600, running: 10 },
} as const satisfies Record<string, Limits>;

/** What a scenario says under `limits:`. */
export const limitsSchema = z.union([
  z.enum(['individual', 'enterprise']).transform((name): Limits => plans[name]),
  own,
]);
