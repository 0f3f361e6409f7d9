import type { FastifyInstance } from 'fastify';
import type { DeadLetter } from '../seedance/dead-letters.ts';
import type { AdminDeps } from './deps.ts';

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
export function registerDeadLetters(app: FastifyInstance, { callbacks }: Pick<AdminDeps, 'callbacks'>): void {
  const { deadLetters } = callbacks;
  app.get('/dead-letters', () => ({ deadLetters: deadLetters.list().map(describe) }));
  app.get<ById>('/dead-letters/:id', ({ params }) => {
    const dead = deadLetters.open(params.id);
    const { headers, body } = dead.letter;
    return { ...describe(dead), headers, body: Buffer.from(body).toString() };
  });
  app.post<ById>('/dead-letters/:id/replay', ({ params }, reply) => {
    const dead = describe(deadLetters.open(params.id));
    callbacks.replay(params.id);
    // What comes of it is in the journal.
    reply.code(202);
    return dead;
  });
  app.delete<ById>('/dead-letters/:id', ({ params }, reply) => {
    deadLetters.delete(params.id);
    reply.code(204).send();
  });
}
