import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** As long as the service itself lets a task live; nothing in a scenario lasts longer. */
export const MAX_DURATION_MS = 72 * UNIT_MS.h;
/** Longer than any client waits; what shall outlast them all is a hang, not a delay. */
export const MAX_DELAY_MS = 10 * UNIT_MS.m;

/** Milliseconds of a duration as scenarios write it (`250ms`, `8s`, `2m`, `48h`), or undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = PATTERN.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** A duration as a scenario would write it. */
export function renderDuration(ms: number): string {
  if (ms >= UNIT_MS.h && ms % UNIT_MS.h === 0) return `${ms / UNIT_MS.h}h`;
  if (ms >= UNIT_MS.m && ms % UNIT_MS.m === 0) return `${ms / UNIT_MS.m}m`;
  return ms >= UNIT_MS.s ? `${ms / UNIT_MS.s}s` : `${ms}ms`;
}

interface Limits {
  readonly minMs?: number;
  readonly maxMs?: number;
  /** The problem to report above `maxMs`. */
  readonly over?: 'DURATION_TOO_LONG' | 'DELAY_TOO_LONG';
}

/** Scenario schema of a duration: text in, milliseconds out. */
export const duration = ({ minMs = 0, maxMs = MAX_DURATION_MS, over = 'DURATION_TOO_LONG' }: Limits = {}) =>
  z
    .string({ error: 'INVALID_DURATION' })
    .regex(PATTERN, { error: 'INVALID_DURATION', abort: true })
    .refine((text) => millisecondsOf(text) <= maxMs, { error: over, params: { limit: renderDuration(maxMs) } })
    .refine((text) => millisecondsOf(text) >= minMs, { error: `Write ${renderDuration(minMs)} or more.` })
    .meta({ examples: ['250ms', '8s', '2m'] })
    .transform(millisecondsOf);

/** Shows the default of a duration as a scenario would write it: JSON Schema cannot see through its transform. */
export function showDefault({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const { def } = zodSchema._zod;
  if (def.type !== 'default' || jsonSchema.default !== undefined) return;
  const standard = def.defaultValue;
  if (typeof standard === 'number') jsonSchema.default = renderDuration(standard);
}

/** Scenario schema of a delay: a duration, or a plain number of milliseconds. */
export const delay = () =>
  z.union([
    z
      .number()
      .min(0)
      .refine((ms) => ms <= MAX_DELAY_MS, { error: 'DELAY_TOO_LONG', params: { limit: renderDuration(MAX_DELAY_MS) } }),
    duration({ maxMs: MAX_DELAY_MS, over: 'DELAY_TOO_LONG' }),
  ]);

const millisecondsOf = (text: string) => parseDuration(text) ?? 0;
