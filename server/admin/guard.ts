import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Problem, problem } from '../errors.ts';
import { isLoopback } from '../listen.ts';
import { sendProblems } from './problem-json.ts';

/**
 * Keeps strangers out of the control plane. With a token, whoever has it may come. Without one the port is on loopback, and a page
 * in this machine's browser is the stranger: by a name of its own that it has let point here (DNS rebinding), which `Host` tells.
 * Neither way may a page of another origin call.
 */
export function guardAdmin(app: FastifyInstance, token: string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    const refused = judgeOrigin(request) ?? (token === undefined ? judgeHost(request) : judgeToken(request, token));
    if (!refused) return;
    // A browser asks its user for the latter.
    if (refused.status === 401)
      reply.header('www-authenticate', 'Bearer, Basic realm="seedance-mock: the token is the password"');
    sendProblems(reply, [refused]);
    return reply;
  });
}

/** Open to everyone who can reach the port is what a container's health check and a client's set-up need. */
function judgeToken({ routeOptions, headers }: FastifyRequest, token: string): Problem | undefined {
  if (routeOptions.config.docs?.open) return undefined;
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

const judgeHost = ({ headers: { host = '' } }: FastifyRequest): Problem | undefined =>
  isLoopback(hostNameOf(`http://${host}`)) ? undefined : problem('ADMIN_HOST_REFUSED', { host });

const judgeOrigin = ({ headers: { host = '', origin } }: FastifyRequest): Problem | undefined =>
  origin === undefined || origin === `http://${host}` ? undefined : problem('ADMIN_ORIGIN_REFUSED', { origin });

const hostNameOf = (url: string): string => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
