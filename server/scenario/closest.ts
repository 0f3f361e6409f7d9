import { distance } from 'fastest-levenshtein';

/** With more of a word changed than this, it is another word. */
const MAX_SHARE_OF_EDITS = 0.4;

/** The known word that was probably meant, or undefined when none is near enough to be worth a guess. */
export function closestTo(given: string, known: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  const mostEdits = (candidate: string) => Math.round(Math.max(word.length, candidate.length) * MAX_SHARE_OF_EDITS);
  const ranked = known
    // A difference in length takes as many edits: a long text need not be compared letter by letter.
    .filter((candidate) => Math.abs(word.length - candidate.length) <= mostEdits(candidate))
    .map((candidate) => ({ candidate, edits: distance(word, candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= mostEdits(candidate))
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}
