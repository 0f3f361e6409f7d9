import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** Milliseconds of a duration as scenarios write it (`250ms`, `8s`, `2m`, `48h`), or undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = PATTERN.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** A duration as a scenario would write it. */
export function renderDuration(ms: number): string {
  if (ms >= 1_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms >= 1_000 ? `${ms / 1_000}s` : `${ms}ms`;
}

/** Scenario schema of a duration: text in, milliseconds out. */
export const duration = () =>
  z
    .string()
    .regex(PATTERN, { error: 'INVALID_DURATION' })
    .meta({ examples: ['250ms', '8s', '2m'] })
    .transform((text) => parseDuration(text) ?? 0);
