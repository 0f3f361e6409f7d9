import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { problem, UsageError } from '../errors.ts';
import { documented } from '../openapi/documented.ts';
import { queryNumber } from '../openapi/query-number.ts';
import { EVENT_SCHEMA_VERSION, readEventSchema } from '../seedance/callback-contract.ts';
import { eventsSchema } from './answers.ts';
import { readBySchema } from './body.ts';
import type { FindWorld } from './deps.ts';

/** Most events one answer holds; ask again with `since` for more. */
const MAX_EVENTS = 10_000;

const query = z.object({
  since: queryNumber(z.int().min(0).default(0)),
  type: z.string().optional(),
  connection: queryNumber(z.int().min(0).optional()),
  limit: queryNumber(z.int().min(1).max(MAX_EVENTS).default(1_000)),
});

const avro = z.looseObject({ type: z.literal('record'), name: z.string() }).describe('An Avro schema.');

/** `GET /events`: the journal, oldest first, and where it goes on. */
export function registerEvents(app: FastifyInstance, worldOf: FindWorld): void {
  app.get(
    '/events',
    documented({ summary: 'The journal, oldest first.', query, answer: { schema: eventsSchema }, refusals: [400] }),
    (request) => {
      const { journal } = worldOf(request).lane;
      const { since, type, connection, limit } = readBySchema(request.query, query);
      const found = journal
        .events(undefined, since)
        .filter((event) => type === undefined || event.type === type)
        .filter((event) => connection === undefined || ('connection' in event && event.connection === connection));
      const events = found.slice(0, limit);
      return {
        events,
        // What to send as `since` for the next page.
        next: found.length > limit ? (events.at(-1)?.seq ?? since) : journal.seq,
        dropped: journal.dropped,
        // Events after `since` that made room before this answer: a reader that sees more than 0 has missed some.
        missed: Math.max(0, journal.dropped - since),
      };
    },
  );
}

/** `GET /events/schema[/{version}]`: the contract of callbacks. */
export function registerEventSchemas(app: FastifyInstance): void {
  const sendSchema = (reply: FastifyReply, version: string | number) => {
    const schema = readEventSchema(Number(version));
    if (schema === undefined) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `event schema ${version}` })]);
    return reply.type('application/json; charset=utf-8').send(schema);
  };
  app.get(
    '/events/schema',
    documented({ summary: 'The Avro schema of callback events, the latest.', answer: { schema: avro } }),
    (_request, reply) => sendSchema(reply, EVENT_SCHEMA_VERSION),
  );
  app.get<{ Params: { version: string } }>(
    '/events/schema/:version',
    documented({ summary: 'The same by its version.', answer: { schema: avro }, refusals: [404] }),
    ({ params }, reply) => sendSchema(reply, params.version),
  );
}
