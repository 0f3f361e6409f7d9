import { distance } from 'fastest-levenshtein';

/** With more of a word changed than this, it is another word. */
const MAX_SHARE_OF_EDITS = 0.4;

/** The known word that was probably meant, or undefined when none is near enough to be worth a guess. */
export function closestTo(given: string, known: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(word, candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.round(Math.max(word.length, candidate.length) * MAX_SHARE_OF_EDITS))
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}
