import type { Ended } from './run-command.ts';

/** More processes than that are more than one machine runs well. */
export const MAX_COPIES = 500;

/** The names of the copies that run; a command that runs once is the first. */
export const nameCopies = (copies = 1): readonly string[] =>
  Array.from({ length: copies }, (_, index) => `copy-${index + 1}`);

interface CopySetting {
  readonly copies: number | undefined;
  readonly upstream: string | undefined;
}

/** What sets a copy apart: the same in each run, so that chance that depends on clients repeats. */
export function environmentOfCopy(name: string, { copies, upstream }: CopySetting): NodeJS.ProcessEnv {
  const { ARK_API_KEY = 'ark-seedance-mock', SEEDANCE_CLIENT_ID } = process.env;
  if (copies === undefined) return { ARK_API_KEY, SEEDANCE_CLIENT_ID: SEEDANCE_CLIENT_ID || name };
  // An upstream checks the key, so there all copies need the user's.
  return { ARK_API_KEY: upstream === undefined ? name : ARK_API_KEY, SEEDANCE_CLIENT_ID: name };
}

/** How the command ended, or which of its copies ended how, line by line. */
export function describeEnds(ends: readonly Ended[]): readonly string[] {
  const [only] = ends;
  if (only && ends.length === 1) return [`command: ${only.how}`];
  const numbered = ends.map(({ how }, index) => ({ how, number: index + 1 }));
  return [...Map.groupBy(numbered, ({ how }) => how)].map(
    ([how, those]) => `${describeCopies(those.map(({ number }) => number))}: ${how}`,
  );
}

/** `copy-1 to copy-4, copy-6`. */
function describeCopies(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `copy-${from}` : `copy-${from} to copy-${to}`)).join(', ');
}
