import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem, UsageError } from '../errors.ts';
import { closeConnection } from '../wire/closing.ts';
import type { Connection } from '../wire/connection.ts';
import { readBySchema } from './body.ts';
import type { AdminDeps } from './deps.ts';

const closing = z.object({ how: z.enum(['reset', 'fin', 'goaway']).default('reset') });

interface ById {
  Params: { id: string };
}

/** `/connections`: the ones open now, and a way to end one. */
export function registerConnections(app: FastifyInstance, { lane, listener }: AdminDeps): void {
  const describe = (connection: Connection) => {
    const now = lane.clock.now();
    connection.observeTraffic(now);
    return {
      id: connection.id,
      remote: connection.remote,
      protocol: connection.protocol ?? null,
      tls: connection.tls?.getProtocol() ?? null,
      state: connection.half
        ? 'closing'
        : connection.hanging > 0
          ? 'hanging'
          : connection.protocol
            ? 'open'
            : 'handshake',
      openedAt: Math.floor(connection.openedAt),
      idleMs: Math.round(now - connection.lastTrafficAt),
      heartbeatAgeMs: Math.round(now - connection.heartbeatAt),
      requestsSeen: connection.requestsSeen,
      requests: connection.openRequests,
    };
  };
  const find = (id: string): Connection => {
    const connection = listener.connections.get(Number(id));
    if (!connection) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `open connection ${id}` })]);
    return connection;
  };

  app.get('/connections', () => ({ connections: [...listener.connections.values()].map(describe) }));
  app.get<ById>('/connections/:id', ({ params }) => ({
    ...describe(find(params.id)),
    events: lane.journal.events().filter((event) => 'connection' in event && event.connection === Number(params.id)),
  }));
  app.delete<ById>('/connections/:id', ({ params, query }, reply) => {
    const { how } = readBySchema(query, closing);
    closeConnection(find(params.id), how, { by: 'admin' });
    reply.code(204).send();
  });
}
