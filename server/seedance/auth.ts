import type { FastifyReply, FastifyRequest } from 'fastify';
import { ArkError } from './errors.ts';

/** Values of `x-error-code` on a 401 (reference, section 1). */
export const AUTH_HEADER_UNUSABLE = 'AuthN_MissOrInvalidAuthorizationHeader';
export const KEY_MALFORMED = 'AuthN_AuthenticationError';

/**
 * Route hook that lets any bearer token in: key shapes change without notice (reference, section 1).
 * @throws ArkError 401 for no token, or for another scheme than Bearer
 */
export function authenticate(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const header = request.headers.authorization ?? '';
  if (!/^\s*bearer\s+\S/i.test(header)) {
    if (/^\s*(?:bearer\s*)?$/i.test(header)) throw new ArkError('AuthenticationError', {}, AUTH_HEADER_UNUSABLE);
    throw new ArkError('AuthenticationError', { reason: 'The API key format is incorrect.' }, KEY_MALFORMED);
  }
  allowOrigin(request, reply);
  done();
}

/** CORS of the task paths (reference, section 8). Called after the key was accepted, so a 401 carries none of it. */
export function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true');
}
