import { hash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Problem, problem } from '../errors.ts';
import { isLoopback } from '../listen.ts';
import { fitsText } from '../scenario/pattern.ts';
import type { AdminDeps } from './deps.ts';
import { sendProblems } from './problem-json.ts';

/**
 * Keeps strangers out of the control plane: callers without the token, where there is one, and pages
 * in a browser. A page of another origin may not call, nor one whose name was made to point to this
 * server (DNS rebinding): `Host` shows that name. With a token, open routes answer under every name,
 * as health checks and clients that fetch the CA need.
 */
export function guardAdmin(app: FastifyInstance, access: AdminAccess): void {
  app.addHook('onRequest', async (request, reply) => {
    const isOpen = access.token !== undefined && request.routeOptions.config.docs?.open === true;
    const refused =
      judgeOrigin(request) ?? (isOpen ? undefined : (judgeHost(request, access) ?? judgeToken(request, access)));
    if (!refused) return;
    // A browser asks its user for the latter.
    if (refused.status === 401)
      reply.header('www-authenticate', 'Bearer, Basic realm="seedance-mock: the token is the password"');
    sendProblems(reply, [refused]);
    return reply;
  });
}

/** Who may call, and under which names. */
type AdminAccess = Pick<AdminDeps, 'token' | 'names'>;

function judgeToken({ headers }: FastifyRequest, { token }: AdminAccess): Problem | undefined {
  if (token === undefined) return undefined;
  return timingSafeEqual(digest(readToken(headers.authorization)), digest(token))
    ? undefined
    : problem('ADMIN_UNAUTHORIZED', {});
}

/** Bearer (RFC 6750, section 2.1), or the password of Basic (RFC 7617, section 2). */
function readToken(authorization = ''): string {
  const [, scheme = '', credentials = ''] = /^(\S+) +(.*)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return scheme.toLowerCase() === 'bearer' ? credentials : '';
  const pair = Buffer.from(credentials, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

const digest = (text: string) => hash('sha256', text, 'buffer');

function judgeHost({ headers: { host = '' } }: FastifyRequest, access: AdminAccess): Problem | undefined {
  const name = hostNameOf(host);
  if (isLoopback(name) || (access.token !== undefined && isOurs(name, access.names))) return undefined;
  return problem('ADMIN_HOST_REFUSED', { host, hasToken: access.token !== undefined });
}

/** Whether a name is one of `names`, or one that no stranger can point here: a domain that can be
 * registered has a dot, and an address is not looked up. */
const isOurs = (name: string, names: readonly string[]): boolean =>
  name !== '' &&
  (isIP(name) !== 0 || !name.includes('.') || names.some((known) => fitsText(known.toLowerCase(), name)));

const judgeOrigin = ({ headers: { host = '', origin } }: FastifyRequest): Problem | undefined =>
  origin === undefined || origin === `http://${host}` ? undefined : problem('ADMIN_ORIGIN_REFUSED', { origin });

/** The name in a Host field (RFC 9110, section 7.2); empty where it is more than a host and a port. */
const hostNameOf = (host: string): string =>
  /[/?#@\\]/.test(host) ? '' : (URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? '');
