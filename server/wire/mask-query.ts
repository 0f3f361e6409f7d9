/** What List is asked by (reference, Ark API section 4): the verdict reads it, and nothing of it is secret. */
const OPEN = /^(?:page_num|page_size|filter\.[a-z_]+)=/;

/** A path and query whose query says no more than what it asks List for: any other value may be a key or a signature. */
export function maskQuery(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const parts = url.slice(start + 1).split('&');
  return `${url.slice(0, start)}?${parts.map((part) => (OPEN.test(part) ? part : maskValue(part))).join('&')}`;
}

function maskValue(part: string): string {
  const equals = part.indexOf('=');
  return equals < 0 ? '***' : `${part.slice(0, equals)}=***`;
}
