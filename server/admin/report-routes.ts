import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import { resetFidelities } from '../verdict/bench.ts';
import { reportFormatNames, reportFormats } from '../verdict/reports/formats.ts';
import { readBySchema } from './body.ts';
import type { FindWorld } from './deps.ts';

const reportSchema = z.looseObject({ version: z.int(), outcome: z.enum(['pass', 'fail', 'inconclusive']) });

const query = z.object({
  format: z.enum(reportFormatNames).default('json'),
  resets: z
    .enum(resetFidelities)
    .default('reset')
    .describe('How a reset arrives at the client, for whoever has tried it out.'),
  final: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'Whether the clients have ended; else who waits for its next attempt has not given up. Only JUnit: `true`.',
    ),
});

/** `GET /report`: the verdict on the client, as far as the run has come. */
export function registerReport(app: FastifyInstance, worldOf: FindWorld): void {
  const docs = documented({
    summary: 'The verdict on the client, as far as the run has come.',
    query,
    answer: { schema: reportSchema, types: Object.values(reportFormats).map(({ type }) => type) },
    refusals: [400],
  });
  app.get('/report', docs, async (request, reply) => {
    const { lane } = worldOf(request);
    const { format, resets, final } = readBySchema(request.query, query);
    const { type, render } = reportFormats[format];
    // A build that skips a test because its client may still try again would pass.
    const isFinal = final === undefined ? format === 'junit' : final === 'true';
    const { report } = await lane.verdictInTurns(resets, !isFinal);
    // Only a picture needs the events.
    const events = format === 'html' ? lane.journal.events() : [];
    return reply.type(type).send(await render({ report, events }));
  });
}
