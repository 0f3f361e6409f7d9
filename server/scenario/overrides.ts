import { z } from 'zod';
import { problem, UsageError } from '../errors.ts';
import { MAX_SPEED } from './file.ts';
import { clockOf, type LoadOptions } from './load.ts';
import { profileNames } from './service.ts';

/** As `seed:` in a scenario. */
const MAX_SEED = 2 ** 32 - 1;

/** What a server or a lane may be started with in place of the scenario's own. */
export const overrideSchemas = {
  seed: z.int().min(0).max(MAX_SEED),
  profile: z.enum(profileNames),
  clock: z
    .union([z.literal('manual'), z.number().positive().max(MAX_SPEED)])
    .describe('`manual`, or lane seconds in one real second.'),
};

type Overrides = {
  readonly [Name in keyof typeof overrideSchemas]?: z.output<(typeof overrideSchemas)[Name]> | undefined;
};

const expected = {
  seed: `Write a whole number from 0 to ${MAX_SEED}.`,
  profile: `Write one of: ${profileNames.join(', ')}.`,
  clock: `Write "manual", or how many times as fast time runs: a number above 0, ${MAX_SPEED} at most.`,
};

/** Reads what a program gives; its types alone keep out neither -1 nor what plain JavaScript says.
 * @throws UsageError INVALID_OPTION for each that is none */
export function readOverrides(given: Overrides): Omit<LoadOptions, 'file'> {
  const names = ['seed', 'profile', 'clock'] as const;
  const wrong = names.filter((name) => !overrideSchemas[name].optional().safeParse(given[name]).success);
  if (wrong.length > 0)
    throw new UsageError(
      wrong.map((option) =>
        problem('INVALID_OPTION', { option, given: String(given[option]), expected: expected[option] }),
      ),
    );
  const { seed, profile, clock } = given;
  return { seed, profile, clock: clockOf(clock) };
}
