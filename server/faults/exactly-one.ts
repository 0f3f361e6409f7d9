import type { z } from 'zod';

const or = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** Settings of which one has to be given, and no more than one; the JSON Schema tells editors so too. */
export const exactlyOneOf = <S extends z.ZodObject>(names: readonly (keyof S['shape'] & string)[], schema: S): S =>
  schema
    .refine((given) => names.filter((name) => given[name] !== undefined).length === 1, {
      error: `Write exactly one of ${or.format(names)}.`,
    })
    .meta({ oneOf: names.map((name) => ({ required: [name] })) });
