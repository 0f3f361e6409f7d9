import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Problem, problem } from '../errors.ts';
import { isLoopback } from '../listen.ts';
import { sendProblems } from './problem-json.ts';

/**
 * Keeps strangers out of the control plane. With a token, whoever has it may come. Without one the port is on loopback, and a page
 * in this machine's browser is the stranger: it may call by a name of its own that it has let point here (DNS rebinding), which
 * `Host` tells, or straight across origins, which `Origin` tells.
 */
export function guardAdmin(app: FastifyInstance, token: string | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    const refused = token === undefined ? judgeCaller(request) : judgeToken(request, token);
    if (!refused) return;
    if (refused.status === 401) reply.header('www-authenticate', 'Bearer');
    sendProblems(reply, [refused]);
    return reply;
  });
}

/** Open to everyone who can reach the port is what a container's health check and a client's set-up need. */
function judgeToken({ routeOptions, headers }: FastifyRequest, token: string): Problem | undefined {
  if (routeOptions.config.docs?.open) return undefined;
  const same = timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
  return same ? undefined : problem('ADMIN_UNAUTHORIZED', {});
}

const digest = (text: string) => hash('sha256', text, 'buffer');

function judgeCaller({ headers }: FastifyRequest): Problem | undefined {
  const { host = '', origin } = headers;
  if (!isLoopback(hostNameOf(`http://${host}`))) return problem('ADMIN_HOST_REFUSED', { host });
  if (origin !== undefined && origin !== `http://${host}`) return problem('ADMIN_ORIGIN_REFUSED', { origin });
  return undefined;
}

const hostNameOf = (url: string): string => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
