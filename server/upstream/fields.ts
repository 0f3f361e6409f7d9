import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from '../wire/exchange.ts';

/** What concerns one connection alone: RFC 9110, section 7.6.1, and the credentials for a proxy (section 11.7). `trailer` announces
 * what is not passed on. */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The authority is the upstream's. A client that expects 100 has got it from us. */
const OF_THE_REQUEST = [...HOP_BY_HOP, 'host', 'expect'];
/** It would lead the client past us. */
const OF_THE_ANSWER = [...HOP_BY_HOP, 'alt-svc'];

/** Fields that Node refuses to send twice over HTTP/2. */
const SINGLE = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** A length with 204 or 205 is malformed: RFC 9110, sections 8.6 and 15.3.6. */
const WITHOUT_LENGTH: readonly number[] = [204, 205];

const WE = 'seedance-mock';

/** What a `Connection` field names is for this hop as well. */
const namedIn = (connection: unknown): readonly string[] =>
  String(connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());

function admit(fields: Headers, withheld: readonly string[], version: string): Record<string, string | string[]> {
  const out = new Set([...withheld, ...namedIn(fields.connection)]);
  const admitted: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name.startsWith(':') || out.has(name)) continue;
    admitted[name] = typeof value === 'object' ? [...value] : String(value);
  }
  const before = admitted.via;
  return { ...admitted, via: [...(before === undefined ? [] : [before].flat()), `${version} ${WE}`].join(', ') };
}

/** The fields of a request as they go on to the upstream: all but those that end here, and one more `Via`.
 * @param version of HTTP that the client speaks */
export const requestFields = (fields: IncomingHttpHeaders, version: '2' | '1.1') =>
  admit(fields, OF_THE_REQUEST, version);

/** The fields of an answer as they go on to the client. If a field may occur once only, the first
 * value counts, as in Node's own client.
 * @param version of HTTP that the upstream speaks */
export function answerFields(fields: Headers, status: number, version: '2' | '1.1'): Record<string, string | string[]> {
  const withheld = WITHOUT_LENGTH.includes(status) ? [...OF_THE_ANSWER, 'content-length'] : OF_THE_ANSWER;
  const admitted = admit(fields, withheld, version);
  for (const [name, value] of Object.entries(admitted))
    if (typeof value === 'object' && SINGLE.has(name)) admitted[name] = value[0] ?? '';
  return admitted;
}
