import type { Path } from './document.ts';
import type { Findings } from './findings.ts';

/** An item of `inject:` or `expect:`: a name, and its settings if it has any. */
export interface Item {
  readonly name: string;
  readonly settings: unknown;
  /** Where the name stands. */
  readonly path: Path;
}

/** How many of an item's names a complaint repeats. */
const MAX_SHOWN = 10;

/** Reads `- reset`, `- reset:` or `- delay: { ms: 200 }`. */
export function readItem(item: unknown, path: Path, findings: Findings): Item | undefined {
  if (typeof item === 'string' && item !== '') return { name: item, settings: {}, path };
  const entries = typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.entries(item) : [];
  const [first, second] = entries;
  if (first && !second) return { name: first[0], settings: first[1] ?? {}, path: [...path, first[0]] };

  if (second) {
    const shown = entries.slice(0, MAX_SHOWN).map(([name]) => name);
    const reason = `An item has one name; this one has ${entries.length}: ${shown.join(', ')}${entries.length > MAX_SHOWN ? ' …' : ''}.`;
    const expected = 'Start each with `- ` on a line of its own, and indent its settings below it.';
    findings.add('INVALID_VALUE', { reason, expected }, [...path, second[0]], 'key');
  } else {
    const expected = 'Write `- name`, or `- name: { setting: value }`.';
    findings.add('INVALID_VALUE', { reason: 'This item has no name.', expected }, path);
  }
  return undefined;
}
