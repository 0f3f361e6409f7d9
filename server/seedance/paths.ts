import type { IncomingHttpHeaders } from 'node:http';

/** Where the service's own clients look for it (reference, section 1). */
export const API_PREFIX = '/api/v3';

/** The task paths, behind whatever prefix the base URL carries. */
export const TASKS_PATH = '/contents/generations/tasks';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Where clients fetch results. */
export interface ResultPlace {
  /** Scheme and authority of all result URLs; left out, the host of the request and `port`. */
  readonly publicUrl?: string | undefined;
  /** Of the storage; left out, that of the request. */
  port?: number | undefined;
}

/** Scheme and authority of the result URLs in the answer to a request: the client reaches the storage by the host that it
 * calls already. TLS is all we speak, and HTTP/2 has `:authority` for `Host`. */
export function resultOrigin(
  { headers }: { readonly headers: IncomingHttpHeaders },
  { publicUrl, port }: ResultPlace,
): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const authority = String(headers[':authority'] ?? headers.host);
  return `https://${port === undefined ? authority : `${authority.replace(/:\d*$/, '')}:${port}`}`;
}

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
