import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import { reportFormatNames, reportFormats } from '../verdict/reports/formats.ts';
import { readBySchema } from './body.ts';
import type { AdminDeps } from './deps.ts';

const reportSchema = z.looseObject({ version: z.int(), outcome: z.enum(['pass', 'fail', 'inconclusive']) });

const query = z.object({ format: z.enum(reportFormatNames).default('json') });

/** `GET /report`: the verdict on the client, as far as the run has come. */
export function registerReport(app: FastifyInstance, { lane }: AdminDeps): void {
  const docs = documented({
    summary: 'The verdict on the client, as far as the run has come.',
    query,
    answer: { schema: reportSchema, types: Object.values(reportFormats).map(({ type }) => type) },
    refusals: [400],
  });
  app.get('/report', docs, async (request, reply) => {
    const { type, render } = reportFormats[readBySchema(request.query, query).format];
    return reply.type(type).send(await render({ report: lane.verdict().report, events: lane.journal.events() }));
  });
}
