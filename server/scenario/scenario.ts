import { z } from 'zod';
import { duration } from './duration.ts';

/** The stops on the way of the data, in order. */
export const hooks = [
  'accept',
  'client-hello',
  'handshake',
  'session',
  'request',
  'response',
  'task',
  'callback',
  'dns',
] as const;
export type Hook = (typeof hooks)[number];

export const profileNames = ['seedance', 'dual-stack', 'permissive'] as const;
export type ProfileName = (typeof profileNames)[number];

const off = z.literal('off').transform(() => undefined);
const then = z.enum(['reset', 'fin']).default('reset');

/** What the real service always does (reference, section A), as far as a scenario changes it. */
export const serviceSchema = z
  .strictObject({
    idle: off.or(
      z
        .strictObject({ after: duration().default(8_000), then })
        .transform(({ after, then }) => ({ afterMs: after, then })),
    ),
    heartbeat: off.or(
      z
        .strictObject({
          within: duration().default(30_000),
          judgedBy: z.enum(['client', 'server']).default('client'),
          then,
        })
        .transform(({ within, judgedBy, then }) => ({ withinMs: within, judgedBy, then })),
    ),
    fin: off.or(
      z
        .strictObject({ answerWithin: duration().default(400), then: z.literal('reset').default('reset') })
        .transform(({ answerWithin }) => ({ answerWithinMs: answerWithin })),
    ),
    alpn: z
      .strictObject({
        offer: z.array(z.enum(['h2', 'http/1.1'])).min(1),
        absent: z.enum(['reset-after-handshake', 'http/1.1']),
        mismatch: z.enum(['reset', 'alert']),
      })
      .partial(),
    cleartext: z.enum(['reset', 'fin']),
  })
  .partial();

type ServiceChanges = z.output<typeof serviceSchema>;

/** The service rules in force. A rule that is `undefined` is off. */
export interface Service {
  readonly idle: ServiceChanges['idle'];
  readonly heartbeat: ServiceChanges['heartbeat'];
  readonly fin: ServiceChanges['fin'];
  readonly alpn: {
    readonly offer: readonly ('h2' | 'http/1.1')[];
    readonly absent: 'reset-after-handshake' | 'http/1.1';
    readonly mismatch: 'reset' | 'alert';
  };
  readonly cleartext: 'reset' | 'fin';
}

const seedance: Service = {
  idle: { afterMs: 8_000, then: 'reset' },
  heartbeat: { withinMs: 30_000, judgedBy: 'client', then: 'reset' },
  fin: { answerWithinMs: 400 },
  alpn: { offer: ['h2'], absent: 'reset-after-handshake', mismatch: 'reset' },
  cleartext: 'reset',
};
const dualStack: Service = {
  ...seedance,
  alpn: { offer: ['h2', 'http/1.1'], absent: 'http/1.1', mismatch: 'reset' },
};

/** The profiles of the reference, section A. */
export const profiles: Record<ProfileName, Service> = {
  seedance,
  'dual-stack': dualStack,
  permissive: { ...dualStack, idle: undefined, heartbeat: undefined, fin: undefined },
};

/** A profile with a scenario's `service:` laid over it. */
export function resolveService(profile: ProfileName, changes: ServiceChanges = {}): Service {
  const base = profiles[profile];
  return { ...base, ...changes, alpn: { ...base.alpn, ...changes.alpn } } as Service;
}

/** How tasks go unless a fault says otherwise: time in each state, and the end. */
export const tasksSchema = z.strictObject({
  queued: duration().default(1_000),
  running: duration().default(4_000),
  outcome: z.enum(['succeeded', 'failed']).default('succeeded'),
});
export type TaskTimes = Readonly<z.output<typeof tasksSchema>>;

/** What ordinals are counted over. */
export const perNames = ['lane', 'connection', 'task', 'client'] as const;

const ordinal = z.int().min(1);
const ordinals = z.union([ordinal, z.array(ordinal).min(1)]);

/** When a fault strikes, counted over what its `match` lets through; everything given must hold, nothing given = always. */
export const whenSchema = z
  .strictObject({
    nth: ordinals,
    every: ordinal,
    first: ordinal,
    after: z.int().min(0),
    times: ordinal,
    probability: z.number().min(0).max(1),
    from: duration(),
    to: duration(),
    connection: z.strictObject({ nth: ordinals, every: ordinal, first: ordinal, after: z.int().min(0) }).partial(),
    per: z.enum(perNames),
  })
  .partial();
export type When = Readonly<z.output<typeof whenSchema>>;

const text = z.string().min(1);

/** What a fault on each hook may look at. `path` takes `:name` for one segment and `*` for the rest; other texts take `*`. */
const messageMatch = {
  method: z.union([text, z.array(text).min(1)]),
  path: z.string().startsWith('/'),
  headers: z.record(text, text),
  protocol: z.enum(['h2', 'http/1.1']),
};
const helloMatch = z.strictObject({ serverName: text, alpn: text }).partial();
export const matchSchemas = {
  accept: z.strictObject({ remote: text }).partial(),
  'client-hello': helloMatch,
  handshake: helloMatch,
  session: z.strictObject({ protocol: z.enum(['h2', 'http/1.1']) }).partial(),
  request: z.strictObject(messageMatch).partial(),
  response: z.strictObject({ ...messageMatch, status: z.int().min(100).max(599) }).partial(),
  task: z.strictObject({ model: text, prompt: text }).partial(),
  callback: z.strictObject({ status: text }).partial(),
  dns: z.strictObject({ name: text }).partial(),
} as const satisfies Record<Hook, z.ZodType>;

/** What is known of a thing at each hook: what `match` compares, and what ordinals are counted by. */
export interface Facts {
  readonly connection?: number;
  readonly client?: string;
  readonly task?: string;
  readonly remote?: string;
  readonly serverName?: string;
  readonly alpn?: readonly string[] | null;
  readonly protocol?: 'h2' | 'http/1.1';
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly status?: number | string;
  readonly model?: string;
  readonly prompt?: string;
  readonly name?: string;
}

/** The union of what `matchSchemas` let through; the loader has checked that the keys belong to the hook. */
export interface Match {
  readonly method?: string | readonly string[] | undefined;
  readonly path?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly protocol?: 'h2' | 'http/1.1' | undefined;
  readonly status?: number | string | undefined;
  readonly remote?: string | undefined;
  readonly serverName?: string | undefined;
  readonly alpn?: string | undefined;
  readonly model?: string | undefined;
  readonly prompt?: string | undefined;
  readonly name?: string | undefined;
}

/** One thing a fault does, its parameters checked and bound; `apply` takes the context of the fault's hook. */
export interface Injection {
  readonly fault: string;
  readonly params: unknown;
  /** What it does, in words: for `explain` and the journal. */
  readonly did: string;
  apply(context: never): void;
}

/** A fault as a scenario arms it. */
export interface FaultRule {
  readonly name: string;
  readonly on: Hook;
  readonly match: Match;
  readonly when: When;
  readonly inject: readonly Injection[];
}

/** A scenario that has been checked; nobody checks it again. */
export interface Scenario {
  readonly name: string;
  readonly description?: string;
  /** Left out = the lane chooses one. */
  readonly seed?: number;
  readonly profile: ProfileName;
  readonly clock: { readonly speed: number; readonly mode: 'real' | 'manual' };
  readonly service: Service;
  readonly tasks: TaskTimes;
  readonly faults: readonly FaultRule[];
  /** The text it was read from, as `GET /scenario` shows it. */
  readonly source: string;
  /** What was accepted but has no effect, in words. */
  readonly warnings: readonly string[];
}
