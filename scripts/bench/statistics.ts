/** What both sides gave, round by round. */
export interface Pairs<T> {
  readonly ours: readonly T[];
  readonly rival: readonly T[];
}

/** Measures ours and the rival in turns, each of them first in every other round, so that whatever else the machine does strikes both
 * alike. A first round of each is thrown away: it pays for cold caches. */
export async function inTurns<T>(
  rounds: number,
  sides: { readonly ours: () => Promise<T>; readonly rival: () => Promise<T> },
): Promise<Pairs<T>> {
  const ours: T[] = [];
  const rival: T[] = [];
  for (let round = 0; round <= rounds; round++) {
    if (round % 2 === 0) ours.push(await sides.ours());
    rival.push(await sides.rival());
    if (round % 2 === 1) ours.push(await sides.ours());
  }
  return { ours: ours.slice(1), rival: rival.slice(1) };
}

/** Compares the two sides of each round, and takes the median: a slow moment of the machine is in both, and drops out. */
export const medianOf = (pairs: Pairs<number>, compare: (ours: number, rival: number) => number): number =>
  median(pairs.ours.map((ours, round) => compare(ours, pairs.rival[round] ?? Number.NaN)));

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which `share` of all values lie, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}
