/** Characters that control a terminal, break a line or change the reading direction: C0, DEL, C1,
 * line and paragraph separators, and bidirectional controls. Also characters that XML forbids: lone
 * surrogates, U+FFFE and U+FFFF. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufffe\uffff]/gu;

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Returns one line for a terminal or a report, with each unprintable character as an escape such as
 * `\u001b`. Use it for every text that clients, upstreams or files choose; add colours afterwards. */
export const printableLine = (text: string): string => text.replace(UNPRINTABLE, escapeOf);

/** Does the same for a text whose line breaks and tabs are ours. JSON keeps its meaning. */
export const printableText = (text: string): string =>
  text.replace(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escapeOf(character),
  );

/** A stack frame, as V8 writes it after the message. */
const FRAME = /^ {4}at /;

/** Returns an error as one line for its message and one for each stack frame. */
export function printableError(message: string, stack = message): string {
  const end = stack.indexOf(message) + message.length;
  const [rest = '', ...frames] = stack.slice(end).split('\n');
  const isStack = stack.includes(message) && frames.every((frame) => FRAME.test(frame));
  const lines = isStack ? [stack.slice(0, end) + rest, ...frames] : [stack];
  return lines.map(printableLine).join('\n');
}
