import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { documented } from '../openapi/documented.ts';
import { readReportedTime } from '../rules/heartbeat.ts';
import { noteBeat } from '../wire/beats.ts';
import { exchangeOf } from '../wire/messages.ts';
import { invalid } from './errors.ts';
import { API_PREFIX, JSON_TYPE } from './paths.ts';
import { assumeJson } from './task-routes.ts';

const beatSchema = z.object({
  timestamp: z
    .union([z.number(), z.string()])
    .nullish()
    .describe('Unix milliseconds or RFC 3339; left out, the time of arrival counts.'),
});

interface Beat {
  Body: { timestamp?: unknown } | null | undefined;
}

/** `POST /heartbeat` with `{"timestamp": ...}`: one of the four ways to send a heartbeat (service rules, A6). */
export function registerHeartbeat(app: FastifyInstance): void {
  const docs = documented({
    summary: 'Sends a heartbeat (not in the real API: one of the four ways that the reset rules know).',
    body: { schema: beatSchema, optional: true },
    answer: { schema: z.object({}) },
    refusals: [400],
  });
  app.post<Beat>(`${API_PREFIX}/heartbeat`, { onRequest: assumeJson, ...docs }, (request, reply) => {
    const reported = request.body?.timestamp;
    const reportedMs = readReportedTime(reported);
    if (reported !== undefined && reported !== null && reportedMs === undefined) {
      throw invalid('timestamp', 'timestamp is neither Unix milliseconds nor RFC 3339');
    }
    noteBeat(exchangeOf(reply).connection, 'endpoint', reportedMs);
    reply.header('content-type', JSON_TYPE).send('{}');
  });
}
