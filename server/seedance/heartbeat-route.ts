import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import { readReportedTime } from '../rules/heartbeat.ts';
import { noteBeat } from '../wire/beats.ts';
import { exchangeOf } from '../wire/messages.ts';
import { invalid } from './errors.ts';
import { API_PREFIX, JSON_TYPE } from './paths.ts';
import { assumeJson } from './task-routes.ts';

const beatSchema = z
  .looseObject({
    timestamp: z
      .union([z.number(), z.string()])
      .nullish()
      .refine((time) => time === undefined || time === null || readReportedTime(time) !== undefined, {
        error: 'timestamp is neither Unix milliseconds nor RFC 3339',
      })
      .describe('Unix milliseconds or RFC 3339; left out, the time of arrival counts.'),
  })
  .nullable();

/** `POST /heartbeat` with `{"timestamp": ...}`: one of the four ways to send a heartbeat (service rules, A6). */
export function registerHeartbeat(app: FastifyInstance): void {
  const docs = documented({
    summary: 'Sends a heartbeat (not in the real API: one of the four ways that the reset rules know).',
    body: { schema: beatSchema, optional: true },
    answer: { schema: z.object({}) },
    refusals: [400],
    open: true,
  });
  app.post(`${API_PREFIX}/heartbeat`, { onRequest: assumeJson, ...docs }, (request, reply) => {
    const { data, error } = beatSchema.optional().safeParse(request.body);
    const [wrong] = error?.issues ?? [];
    if (wrong) throw invalid(wrong.path.join('.'), wrong.message);
    noteBeat(exchangeOf(reply).connection, 'endpoint', readReportedTime(data?.timestamp));
    reply.header('content-type', JSON_TYPE).send('{}');
  });
}
