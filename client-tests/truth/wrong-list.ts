import { readFile } from 'node:fs/promises';
import type { WrongToday } from './wrong-today.ts';

const START = 'export const wrongToday: readonly WrongToday[] = [';

/** `wrong-today.ts` with other entries. */
export async function renderList(entries: readonly WrongToday[]): Promise<string> {
  const source = await readFile(new URL('wrong-today.ts', import.meta.url), 'utf8');
  const head = source.slice(0, source.indexOf(START));
  const sorted = entries.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
  return `${head}${START}\n${sorted.map((entry) => `  ${render(entry)},`).join('\n')}\n];\n`;
}

const keyOf = ({ check, row, found }: WrongToday): string => `${check} ${row} ${found}`;

const render = (entry: WrongToday): string => {
  const fields = Object.entries(entry).map(([name, value]) => `${name}: ${quote(value)}`);
  return `{ ${fields.join(', ')} }`;
};

const quote = (value: unknown): string => JSON.stringify(value).replaceAll('"', "'").replaceAll("','", "', '");
