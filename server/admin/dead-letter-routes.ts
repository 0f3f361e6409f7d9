import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import type { DeadLetter } from '../seedance/dead-letters.ts';
import { deadLetterSchema, deadLetterWhole } from './answers.ts';
import type { FindWorld } from './deps.ts';

interface ById {
  Params: { id: string };
}

const describe = ({ id, class: name, news, attempts, reason, archivedAtMs, expiresAtMs, ...rest }: DeadLetter) => ({
  id,
  class: name,
  ...news,
  attempts,
  reason,
  archivedAt: Math.floor(archivedAtMs),
  expiresAt: expiresAtMs === undefined ? null : Math.floor(expiresAtMs),
  compressed: rest.compressed,
  bytes: rest.packed.byteLength,
});

/** `/dead-letters`: the callbacks that nobody acknowledged, and ways to deliver one again or be rid of it. */
export function registerDeadLetters(app: FastifyInstance, worldOf: FindWorld): void {
  const lettersOf = (request: FastifyRequest<ById>) => worldOf(request).callbacks.deadLetters;
  app.get(
    '/dead-letters',
    documented({
      summary: 'The callbacks that nobody acknowledged.',
      answer: { schema: z.object({ deadLetters: z.array(deadLetterSchema) }) },
    }),
    (request) => ({ deadLetters: worldOf(request).callbacks.deadLetters.list().map(describe) }),
  );
  app.get<ById>(
    '/dead-letters/:id',
    documented({
      summary: 'One of them, with headers and body.',
      answer: { schema: deadLetterWhole },
      refusals: [404],
    }),
    (request) => {
      const dead = lettersOf(request).open(request.params.id);
      const { headers, body } = dead.letter;
      return { ...describe(dead), headers, body: Buffer.from(body).toString() };
    },
  );
  app.post<ById>(
    '/dead-letters/:id/replay',
    documented({
      summary: 'Delivers it again; what comes of it is in the journal.',
      answer: { status: 202, schema: deadLetterSchema },
      refusals: [404],
    }),
    (request, reply) => {
      const { id } = request.params;
      const dead = describe(lettersOf(request).open(id));
      worldOf(request).callbacks.replay(id);
      // What comes of it is in the journal.
      reply.code(202);
      return dead;
    },
  );
  app.delete<ById>(
    '/dead-letters/:id',
    documented({ summary: 'Forgets it.', answer: { status: 204 }, refusals: [404] }),
    (request, reply) => {
      lettersOf(request).delete(request.params.id);
      reply.code(204).send();
    },
  );
}
