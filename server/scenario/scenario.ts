import { z } from 'zod';
import type { ClientsSetting } from '../clients/identity.ts';
import type { Expectation } from '../verdict/check.ts';
import { duration } from './duration.ts';
import type { Limits } from './limits.ts';
import { fitsText } from './pattern.ts';
import { isReceiver } from './receiver.ts';
import type { ProfileName, Service } from './service.ts';

export { type ProfileName, profileNames, profiles, resolveService, type Service } from './service.ts';

/** The stops on the way of the data, in order. */
export const hooks = [
  'accept',
  'client-hello',
  'handshake',
  'session',
  'request',
  'video',
  'response',
  'task',
  'callback',
  'dns',
] as const;
export type Hook = (typeof hooks)[number];

/** How tasks go unless a fault says otherwise: time in each state, and the end. */
export const tasksSchema = z.strictObject({
  queued: duration().default(1_000).describe('Time before a task starts.'),
  running: duration().default(4_000).describe('Time from its start to its end.'),
  outcome: z.enum(['succeeded', 'failed']).default('succeeded').describe('How it ends.'),
});
export type TaskTimes = Readonly<z.output<typeof tasksSchema>>;

/** Long enough for any test, and each is compared with at every callback. */
const MAX_ALLOWED_RECEIVERS = 100;

/** How callbacks are tried again, and what becomes of those that nobody acknowledges (reference, D5). */
export const retryClassNames = ['ark', 'financial', 'operational'] as const;
export type RetryClassName = (typeof retryClassNames)[number];

const hosts = () =>
  z
    .array(
      z.string().refine(isReceiver, {
        error: 'Write a host name, *.example.com, an address, or a network such as 203.0.113.0/24.',
      }),
    )
    .max(MAX_ALLOWED_RECEIVERS)
    .default([]);

/** Whether a create looks at the media that it names (reference, Ark API section 2.2). */
export const mediaSchema = z.strictObject({
  fetch: z
    .boolean()
    .default(false)
    .describe('Whether a create fetches its http(s) media, and is refused where that fails.'),
  timeout: duration({ minMs: 1 }).default(5_000).describe('How long a fetch may take.'),
  allow: hosts().describe('Hosts besides loopback and private addresses: names, `*.example.com`, addresses, networks.'),
  assets: z
    .array(z.string().min(1))
    .optional()
    .describe('The ids that `asset://` may name; left out, any that begins with `asset-`.'),
});
export type MediaSettings = Readonly<z.output<typeof mediaSchema>>;

/** Who may be called besides loopback and private addresses (a mock must not be a way into other people's networks), and how
 * hard it is tried. */
export const callbacksSchema = z.strictObject({
  allow: hosts().describe(
    'Receivers besides loopback and private addresses: names, `*.example.com`, addresses, networks.',
  ),
  class: z
    .enum(retryClassNames)
    .default('ark')
    .describe(
      'How often it is tried: `ark` 4 times, as the service does; `financial` 3 times, exponentially and with jitter; ' +
        '`operational` 8 times, linearly. The last two keep what nobody acknowledged as dead letters.',
    ),
  pause: duration()
    .default(30_000)
    .describe('How long a receiver is out of rotation after five time-outs in a row; `0s`: it never is.'),
});
export type CallbackSettings = Readonly<z.output<typeof callbacksSchema>>;

/** What ordinals are counted over. */
export const perNames = ['lane', 'connection', 'task', 'client'] as const;

const ordinal = z.int().min(1);
const ordinals = z.union([ordinal, z.array(ordinal).min(1)]);

/** When a fault strikes, counted over what its `match` lets through; everything given must hold, nothing given = always. */
export const whenSchema = z
  .strictObject({
    nth: ordinals.describe('The 3rd, or the 3rd and the 5th.'),
    every: ordinal.describe('Every 3rd.'),
    first: ordinal.describe('The first 2.'),
    after: z.int().min(0).describe('Those after the 10th.'),
    times: ordinal.describe('No more often than this in all.'),
    probability: z.number().min(0).max(1).describe('By chance; the same seed gives the same strikes.'),
    from: duration().describe('Not before this long after the scenario was loaded.'),
    to: duration().describe('Not later than this long after the scenario was loaded.'),
    connection: z
      .strictObject({ nth: ordinals, every: ordinal, first: ordinal, after: z.int().min(0) })
      .partial()
      .describe('Only on these connections, counted from 1.'),
    per: z.enum(perNames).describe('What the ordinals are counted over; left out, the lane.'),
  })
  .partial();
export type When = Readonly<z.output<typeof whenSchema>>;

const text = z.string().min(1);

/** What callbacks tell of (reference, Ark API section 9): `cancelled` is not among them. */
const told = ['queued', 'running', 'succeeded', 'failed', 'expired'];

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
  session: z.strictObject({ protocol: z.literal('h2').describe('HTTP/1.1 has no sessions.') }).partial(),
  request: z.strictObject(messageMatch).partial(),
  // HEAD is refused before this stop, and a GET is the rest: no method to match.
  video: z
    .strictObject({ path: messageMatch.path, headers: messageMatch.headers, protocol: messageMatch.protocol })
    .partial(),
  response: z.strictObject({ ...messageMatch, status: z.int().min(100).max(599) }).partial(),
  task: z.strictObject({ model: text, prompt: text }).partial(),
  callback: z
    .strictObject({
      status: text.refine((pattern) => told.some((status) => fitsText(pattern, status)), {
        error: `It fits none of the statuses that are told: ${told.join(', ')}.`,
      }),
    })
    .partial(),
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
  readonly earlyData?: boolean;
  readonly protocol?: 'h2' | 'http/1.1' | undefined;
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

/** The parts of an answer that a fault shapes, or keeps back. */
export type AnswerPart = 'head' | 'body';

/** The occasion on which a fault strikes: what it may ask to decide what it does this time. */
export interface Occasion {
  readonly facts: Facts;
  /** Lane time. */
  readonly nowMs: number;
  /** Chance in [0, 1): another for each label, and the same in every run of a seed, in whatever order requests come. */
  draw(label?: string): number;
  /** What a fault keeps from strike to strike: made at the first, gone when the scenario is loaded or starts over. */
  memory<T>(create: () => T): T;
}

/** What a fault does to connections yet to come: they find nobody listening, or they wait. */
export type Hold = 'refuse' | 'queue';

/** What a fault that holds connections may look at; times are lane time. */
export interface HoldMoment {
  /** When it struck last. */
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly openConnections: number;
  /** Those of the open ones that do not wait. */
  readonly servedConnections: number;
}

/** What a fault asks of the connections it may strike: a way on which single HTTP/2 frames can be seen and altered. */
export type Need = 'frames';

/** One thing a fault does, its parameters checked and bound; `apply` takes the context of the fault's hook. */
export interface Injection {
  readonly fault: string;
  readonly params: unknown;
  /** The one thing of a plan that it decides. */
  readonly decides: string | undefined;
  readonly shapes: AnswerPart | undefined;
  readonly withholds: readonly AnswerPart[];
  /** What it does, in words: for `explain`. */
  readonly did: string;
  /** The same for one occasion, with what was drawn for it: for the journal. */
  didOn(occasion: Occasion): string;
  readonly needs: Need | undefined;
  /** Whether it does anything this time; a `limit`, say, that is not reached does not. Asked once per occasion. */
  applies(context: never, occasion: Occasion): boolean;
  apply(context: never, occasion: Occasion): void;
  /** Asked from its strike on, for as long as its rule is armed. */
  hold?(moment: HoldMoment): Hold | undefined;
  /** Strikes at a time, in a rule that counts nothing. */
  readonly byTime: boolean;
}

/** A fault as a scenario arms it. */
export interface FaultRule {
  readonly name: string;
  readonly on: Hook;
  readonly match: Match;
  readonly when: When;
  readonly inject: readonly Injection[];
}

/** How the lane's time passes. */
export interface ClockSetting {
  readonly speed: number;
  readonly mode: 'real' | 'manual';
}

/** A scenario that has been checked; nobody checks it again. */
export interface Scenario {
  readonly name: string;
  readonly description?: string;
  /** Left out = the lane chooses one. */
  readonly seed?: number;
  readonly profile: ProfileName;
  /** Set when the profile took the place of the scenario's own: the lane keeps it for the scenarios that follow. */
  readonly forcedProfile?: ProfileName;
  /** Left out = real time, or whatever the lane's clock has been set to. */
  readonly clock?: ClockSetting;
  readonly clients: ClientsSetting;
  /** The profile with the scenario's changes laid over it. */
  readonly service: Service;
  readonly tasks: TaskTimes;
  readonly callbacks: CallbackSettings;
  readonly media: MediaSettings;
  /** Left out: none. */
  readonly limits?: Limits;
  readonly faults: readonly FaultRule[];
  /** What the client is judged by. */
  readonly expect: readonly Expectation[];
  /** The text it was read from, as `GET /scenario` shows it. */
  readonly source: string;
  /** What was accepted but has no effect, in words. */
  readonly warnings: readonly string[];
}
