import { inspect } from 'node:util';
import { printableText } from '../printable.ts';

/** What a terminal says about a failure that is our bug.
 * @param error what was thrown, or what a `bug` event says
 * @param more how many failures followed it */
export function renderInternalError(error: unknown, more = 0): string {
  const text = printableText(typeof error === 'string' ? error : inspect(error));
  // A line within the message must not look like one of the log.
  const indented = text.replaceAll(/\n(?! )/g, '\n    ');
  const others = more === 0 ? '' : `\n${more} more followed.`;
  return `internal error: ${indented}${others}

This is a bug in seedance-mock, not in your client. Please report it, with the lines above, in the issue tracker
of seedance-mock.
`;
}
