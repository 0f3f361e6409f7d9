import { z } from 'zod';
import { clientsSchema } from './clients.ts';
import { limitsSchema } from './limits.ts';
import { callbacksSchema, hooks, mediaSchema, tasksSchema, whenSchema } from './scenario.ts';
import { profileNames, serviceSchema } from './service.ts';

const text = z.string().min(1);

/** Timers are no finer than a millisecond, which at this speed is ten seconds of the service's time. */
export const MAX_SPEED = 10_000;
/** More than a scenario written by hand holds; each is compared with every request of a new kind. */
export const MAX_FAULTS = 2_000;

/** A fault, as far as that can be said without the table of faults: what `match` and `inject` take depends on `on`. */
export const faultSchema = z.strictObject({
  name: text.optional().describe('The journal and the chance of a fault go by it; left out, its first injection.'),
  on: z.enum(hooks).describe('The stop at which it strikes.'),
  match: z.unknown().optional().describe('What it looks at; left out, everything.'),
  when: whenSchema.optional().describe('When it strikes, counted over what matches; left out, always.'),
  inject: z.array(z.unknown()).min(1).describe('What it does, one after the other.'),
});

/** What a scenario file says. Faults and checks are looked up in their tables, one by one. */
export const scenarioSchema = z.strictObject({
  name: text.optional().describe('Left out, the name of the file.'),
  description: text.optional().describe('What it plays, and what a client must do to survive it.'),
  seed: z.int().min(0).optional().describe('Repeats the chance of an earlier run; left out, chosen and printed.'),
  profile: z.enum(profileNames).default('seedance').describe('The service rules to start from.'),
  clock: z
    .strictObject({
      speed: z.number().positive().max(MAX_SPEED).default(1).describe('20 = time runs 20 times as fast.'),
      mode: z.enum(['real', 'manual']).default('real').describe('manual = time stands still until it is advanced.'),
    })
    .optional()
    .describe("The service's time."),
  clients: clientsSchema.prefault({}).describe('How to identify clients.'),
  service: serviceSchema.default({}).describe('The service rules, as far as they differ from the profile.'),
  tasks: tasksSchema.prefault({}).describe('How tasks go unless a fault says otherwise.'),
  callbacks: callbacksSchema.prefault({}).describe('Whom the service may call back, and how hard it tries.'),
  media: mediaSchema.prefault({}).describe('Whether a create looks at the media that it names.'),
  limits: limitsSchema.optional().describe('What an account may do; left out, anything.'),
  faults: z.array(z.unknown()).max(MAX_FAULTS).default([]).describe('What goes wrong.'),
  expect: z.array(z.unknown()).default([]).describe('What the client is judged by.'),
});
