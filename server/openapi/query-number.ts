import { z } from 'zod';

/** A number of a query: digits alone, so that an empty value or `1e3` is refused rather than read as some number. Documents
 * tell of it as `number` does; that it may be left out, and what it is then, stands in there too. */
export const queryNumber = <S extends z.ZodType>(number: S) => z.preprocess(readDecimal, number);

function readDecimal(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
