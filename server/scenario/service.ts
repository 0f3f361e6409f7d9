import { z } from 'zod';
import { duration } from './duration.ts';

export const profileNames = ['seedance', 'dual-stack', 'permissive'] as const;
export type ProfileName = (typeof profileNames)[number];

const off = z.literal('off').transform(() => undefined);
const then = z.enum(['reset', 'fin']).default('reset').describe('How the connection ends.');
/** A limit of zero would strike before anything could happen; `off` is how a rule is turned off. */
const limit = () => duration({ minMs: 1 });

/** What the real service always does (reference, section A), as far as a scenario changes it. */
export const serviceSchema = z
  .strictObject({
    idle: off
      .or(
        z
          .strictObject({ after: limit().default(8_000), then })
          .transform(({ after, then }) => ({ afterMs: after, then })),
      )
      .describe('Ends a connection on which nothing passes.'),
    heartbeat: off
      .or(
        z
          .strictObject({
            within: limit().default(30_000),
            judgedBy: z.enum(['client', 'server']).default('client').describe('Whose clock tells the age.'),
            then,
          })
          .transform(({ within, judgedBy, then }) => ({ withinMs: within, judgedBy, then })),
      )
      .describe('Ends a connection whose client sends no heartbeat, however busy it is.'),
    fin: off
      .or(
        z
          .strictObject({ answerWithin: limit().default(400), then: z.literal('reset').default('reset') })
          .transform(({ answerWithin }) => ({ answerWithinMs: answerWithin })),
      )
      .describe('Resets a client that leaves the FIN of the server unanswered.'),
    alpn: z
      .strictObject({
        offer: z.array(z.enum(['h2', 'http/1.1'])).min(1),
        absent: z.enum(['reset-after-handshake', 'http/1.1']).describe('What a client without ALPN meets.'),
        mismatch: z.enum(['reset', 'alert']).describe('What a client meets that offers nothing the server has.'),
      })
      .partial()
      .describe('Which protocols are negotiated, and what happens when that fails.'),
    cleartext: z.enum(['reset', 'fin']).describe('How a connection without TLS ends.'),
  })
  .partial();

/** What a scenario says under `service:`. */
export type ServiceChanges = Readonly<z.output<typeof serviceSchema>>;

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
