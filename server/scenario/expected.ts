import type { z } from 'zod';
import { closestTo } from './closest.ts';

/** What may stand there instead, as a sentence. */
export function describeExpected(issue: z.core.$ZodIssue, given: unknown, known: readonly string[]): string {
  if (issue.message === 'INVALID_DURATION') return 'Write a duration: 250ms, 8s, 2m.';
  switch (issue.code) {
    case 'invalid_type':
      return expectedType(issue.expected, given, known);
    case 'invalid_value':
      return expectedWord(issue.values.map(String), given);
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') return 'Give it at least one.';
      return `Write ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}.`;
    case 'too_big':
      if (issue.origin === 'string' || issue.origin === 'array') return `Give it ${issue.maximum} at most.`;
      return `Write ${issue.maximum} or less.`;
    case 'invalid_format':
      return issue.format === 'starts_with' && 'prefix' in issue ? `It starts with "${issue.prefix}".` : issue.message;
    case 'invalid_union':
      return issue.errors
        .flatMap((branch) => branch.slice(0, 1))
        .map((inner) => describeExpected(inner, given, known))
        .filter((sentence, index, all) => all.indexOf(sentence) === index)
        .join(' Or: ');
    case 'custom':
      return issue.message;
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function expectedWord(words: readonly string[], given: unknown): string {
  const closest = typeof given === 'string' ? closestTo(given, words) : undefined;
  const all = words.length === 1 ? `Write "${words[0]}".` : `Write one of: ${words.join(', ')}.`;
  return closest ? `Did you mean "${closest}"? ${all}` : all;
}

function expectedType(expected: string, given: unknown, known: readonly string[]): string {
  switch (expected) {
    case 'int':
      return 'Write a whole number, such as 3.';
    case 'number':
      return 'Write a number, such as 3.';
    case 'boolean':
      return 'Write true or false.';
    case 'string':
      return typeof given === 'number' || typeof given === 'boolean'
        ? `Put it in quotes: "${given}".`
        : 'Write a text.';
    case 'array':
      return 'Write a list: a line with `- ` for each item.';
    default:
      return `Write \`key: value\` pairs${known.length > 0 ? `; known are: ${known.join(', ')}` : ''}.`;
  }
}
