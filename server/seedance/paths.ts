import type { IncomingHttpHeaders } from 'node:http';

/** Where the service's own clients look for it (reference, section 1). */
export const API_PREFIX = '/api/v3';

/** The task paths, behind whatever prefix the base URL carries. */
export const TASKS_PATH = '/contents/generations/tasks';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Scheme and authority as the client knows them: TLS is all we speak, and HTTP/2 has `:authority` for `Host`. */
export const originOf = ({ headers }: { readonly headers: IncomingHttpHeaders }, publicUrl?: string): string =>
  publicUrl?.replace(/\/+$/, '') ?? `https://${headers[':authority'] ?? headers.host}`;

/** Longer than any path that the limit on headers lets through. */
const MAX_PARAM_LENGTH = 2 ** 20;

/** A path that cannot be decoded is answered like every other path that does not exist, not by the router. */
export function escapeBrokenUrl({ url = '/' }: { readonly url?: string | undefined }): string {
  if (!url.includes('%')) return url;
  try {
    decodeURI(url);
    return url;
  } catch {
    return url.replaceAll('%', '%25');
  }
}

/** Options of an app whose routes and handlers give every answer: left to itself, the router refuses broken paths, and
 * ids of more than 100 characters, in words of its own. */
export const openRouter = { rewriteUrl: escapeBrokenUrl, routerOptions: { maxParamLength: MAX_PARAM_LENGTH } };
