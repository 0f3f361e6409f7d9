/** Whether a text fits a pattern in which `*` stands for any characters. In linear time: paths and headers come from outside. */
export function fitsText(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;

  const end = text.length - tail.length;
  let from = head.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** Whether a path fits a pattern: `:name` is one segment, a last `*` the rest, and the query does not count. */
export function fitsPath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const segments = (path.split('?', 1)[0] ?? '').split('/');
  const open = wanted.at(-1) === '*';
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false;

  return (open ? wanted.slice(0, -1) : wanted).every((want, index) => {
    const segment = segments[index] ?? '';
    return want.startsWith(':') ? segment !== '' : fitsText(want, segment);
  });
}
