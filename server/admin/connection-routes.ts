import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problem, UsageError } from '../errors.ts';
import { documented } from '../openapi/documented.ts';
import { closeConnection } from '../wire/closing.ts';
import type { Connection } from '../wire/connection.ts';
import { connectionSchema, connectionWithEvents } from './answers.ts';
import { readBySchema } from './body.ts';
import type { FindWorld } from './deps.ts';

const closing = z.object({ how: z.enum(['reset', 'fin', 'goaway']).default('reset') });

interface ById {
  Params: { id: string };
}

/** `/connections`: the ones open now, and a way to end one. */
export function registerConnections(app: FastifyInstance, worldOf: FindWorld): void {
  const describe = (connection: Connection) => {
    const now = connection.lane.clock.now();
    connection.observeTraffic(now);
    return {
      id: connection.id,
      remote: connection.remote,
      storage: connection.storage,
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
  const find = (request: FastifyRequest<ById>): Connection => {
    const { id } = request.params;
    const connection = worldOf(request).connections.get(Number(id));
    if (!connection) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `open connection ${id}` })]);
    return connection;
  };

  app.get(
    '/connections',
    documented({
      summary: 'The connections that are open now.',
      answer: { schema: z.object({ connections: z.array(connectionSchema) }) },
    }),
    (request) => ({ connections: [...worldOf(request).connections.values()].map(describe) }),
  );
  app.get<ById>(
    '/connections/:id',
    documented({ summary: 'One of them, with its events.', answer: { schema: connectionWithEvents }, refusals: [404] }),
    (request) => {
      const connection = find(request);
      const events = connection.lane.journal.events();
      return {
        ...describe(connection),
        events: events.filter((event) => 'connection' in event && event.connection === connection.id),
      };
    },
  );
  app.delete<ById>(
    '/connections/:id',
    documented({ summary: 'Ends it.', query: closing, answer: { status: 204 }, refusals: [400, 404] }),
    (request, reply) => {
      const { how } = readBySchema(request.query, closing);
      closeConnection(find(request), how, { by: 'admin' });
      reply.code(204).send();
    },
  );
}
