import type { FastifyRequest } from 'fastify';

/** Where the service's own clients look for it (reference, section 1). */
export const API_PREFIX = '/api/v3';

/** The task paths, behind whatever prefix the base URL carries. */
export const TASKS_PATH = '/contents/generations/tasks';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Scheme and authority as the client knows them: TLS is all we speak, and HTTP/2 has `:authority` for `Host`. */
export const originOf = ({ headers }: FastifyRequest, publicUrl?: string): string =>
  publicUrl?.replace(/\/+$/, '') ?? `https://${headers[':authority'] ?? headers.host}`;
