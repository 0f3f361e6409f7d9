import { STATUS_CODES } from 'node:http';
import type { Clock } from '../clock.ts';
import type { PlannedStatus } from '../faults/plans.ts';
import { AUTH_HEADER_UNUSABLE } from './auth.ts';
import { errorBody } from './errors.ts';
import { JSON_TYPE } from './paths.ts';

/** What Envoy, which stands in front of the service (reference, section 8), says when nobody behind it answers. */
const envoyTexts: Readonly<Record<number, string>> = {
  502: 'upstream connect error or disconnect/reset before headers. reset reason: protocol error',
  503: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
  504: 'upstream request timeout',
};

/** nginx has names of its own for some. */
const nginxTitles: Readonly<Record<number, string>> = {
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
};

/** The page of nginx, which other gateways send in its likeness. */
const htmlPage = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;

/** The answer that a scenario puts in the place of the service's own: an Ark error body from 400 up, else `{}`; or what a
 * gateway, or nobody, would say. */
export function renderPlannedStatus(
  { code, error, body, headers: given, retryAfter }: PlannedStatus,
  requestId: string,
  clock: Pick<Clock, 'mode' | 'speed'>,
) {
  const headers = retryAfter === undefined ? given : { ...given, 'retry-after': renderRetryAfter(retryAfter, clock) };
  const title = `${code} ${STATUS_CODES[code] ?? 'Unknown'}`;
  if (body === 'empty') return { headers: { ...headers }, body: '' };
  if (body === 'text') return written(envoyTexts[code] ?? title, 'text/plain', headers);
  if (body === 'html') return written(htmlPage(nginxTitles[code] ?? title), 'text/html', headers);
  if (body) return written(body.text, body.type, headers);
  const own = code < 400 ? {} : errorBody(code, error === undefined ? {} : { code: error }, requestId);
  const unauthorized = code === 401 && { 'x-error-code': AUTH_HEADER_UNUSABLE };
  return written(JSON.stringify(own), JSON_TYPE, { ...unauthorized, ...headers });
}

/** What the client is told to wait is its own time: 20 s of a lane that runs 20 times as fast are one of its. A clock that is moved
 * by hand is taken for the client's own. HTTP knows whole seconds alone (RFC 9110, section 10.2.3). */
const renderRetryAfter = (after: number | string, { mode, speed }: Pick<Clock, 'mode' | 'speed'>): string =>
  typeof after === 'string' ? after : String(Math.ceil(mode === 'manual' ? after : after / speed));

const written = (body: string, type: string, headers: Readonly<Record<string, string>>) => ({
  headers: { 'content-type': type, ...headers },
  body,
});
