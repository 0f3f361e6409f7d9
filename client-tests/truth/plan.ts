import { chance } from '../../server/random.ts';
import { rows } from './corpus.ts';
import { type Mode, modes, nameOf, type Row } from './row.ts';
import { canShare, runsIn } from './scene.ts';

/** How many rows share a lane in mode `parallel`. */
const TOGETHER = 5;

/** What is to be run. */
export interface Choice {
  readonly mode: Mode;
  readonly seed: number;
  /** Part of a row's name; left out, all. */
  readonly only?: string | undefined;
  /** How many of the rows, from 0 to 1; the seed draws them. */
  readonly share?: number;
}

/** What CI runs: all rows alone, and a fifth of them in each of the other modes. */
export const ciChoices: readonly Choice[] = modes.map((mode) => ({ mode, seed: 1, share: mode === 'alone' ? 1 : 0.2 }));

/** The rows that run together in a lane, for each lane. */
export function planOf({ mode, seed, only, share = 1 }: Choice): readonly (readonly Row[])[] {
  const fit = rows.filter((row) => runsIn(row, mode));
  const groups = mode === 'parallel' ? groupsOf(fit, seed) : fit.map((row) => [row]);
  const isDrawn = (group: readonly Row[]) => chance(seed, mode, ...group.map(nameOf)) < share;
  const isNamed = (group: readonly Row[]) => only === undefined || group.some((row) => nameOf(row).includes(only));
  return groups.filter((group) => isDrawn(group) && isNamed(group));
}

/** Rows in an order that the seed draws, each with up to four others that fit. One that fits no other has nothing to disturb it. */
function groupsOf(all: readonly Row[], seed: number): readonly (readonly Row[])[] {
  const groups: Row[][] = [];
  const order = (row: Row) => chance(seed, 'order', nameOf(row));
  for (const row of all.toSorted((a, b) => order(a) - order(b))) {
    const group = groups.find((rest) => rest.length < TOGETHER && rest.every((other) => canShare(row, other)));
    if (group) group.push(row);
    else groups.push([row]);
  }
  return groups.filter(({ length }) => length > 1);
}
