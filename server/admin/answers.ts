import { z } from 'zod';
import { taskStatuses } from '../seedance/task.ts';

/** The shapes of the admin API's answers, as its document tells them. */

const unixMs = z.int().describe('Lane time, Unix milliseconds.');

/** RFC 9457, with every problem found. */
export const problemSchema = z
  .object({
    type: z.string().describe('A URN that names the first problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    problems: z.array(
      z.object({
        code: z.string(),
        status: z.int(),
        message: z.string(),
        hint: z.string().describe('The way out.'),
        at: z.object({ file: z.string(), line: z.int(), column: z.int() }).optional(),
        excerpt: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Problem' });

/** What each event has; the other fields hang on its type. */
export const eventSchema = z
  .looseObject({ seq: z.int().describe('Counts from 1.'), at: unixMs, type: z.string() })
  .meta({ id: 'Event' });

export const eventsSchema = z.object({
  events: z.array(eventSchema),
  next: z.int().describe('What to send as `since` for the next page.'),
  dropped: z.int().describe('Events that made room for newer ones.'),
  missed: z.int().describe('Of those after `since`, the ones that had made room before this answer.'),
});

export const faultSchema = z
  .object({
    name: z.string(),
    on: z.string(),
    explain: z.string().describe('When it strikes, whom, and what it does.'),
    matched: z.int(),
    struck: z.int(),
  })
  .meta({ id: 'Fault' });

export const laneSchema = z
  .object({
    id: z.string(),
    url: z.string().describe("A port of its own: every layer is the lane's."),
    nameUrl: z.string().describe('The shared port under a name of its own: every layer but `accept`.'),
    sharedUrl: z.string().describe('The shared port, for a client that sends `apiKey`: from `request` on.'),
    apiKey: z.string(),
    adminUrl: z.string().describe('Its part of the control plane.'),
    storageUrl: z.string().optional().describe('What its result URLs begin with; left out behind an upstream.'),
    scenario: z.string(),
    seed: z.int(),
  })
  .meta({ id: 'Lane' });

export const scenarioAnswer = z
  .looseObject({
    name: z.string(),
    description: z.string().optional(),
    seed: z.int(),
    profile: z.string(),
    service: z.looseObject({}).describe('The service rules in force.'),
    faults: z.array(faultSchema),
    warnings: z.array(z.string()),
    upstream: z.string().optional().describe('Where calls are passed through to; left out, they are answered here.'),
    source: z.string().describe('The text that it was read from.'),
  })
  .meta({ id: 'Scenario' });

const connection = {
  id: z.int(),
  remote: z.string(),
  storage: z.boolean().describe('Whether it came to the storage port.'),
  protocol: z.string().nullable(),
  tls: z.string().nullable(),
  state: z.enum(['handshake', 'open', 'hanging', 'closing']),
  openedAt: unixMs,
  idleMs: z.int(),
  heartbeatAgeMs: z.int(),
  requestsSeen: z.int(),
  requests: z.array(z.looseObject({})).describe('Those without a complete answer yet.'),
};
export const connectionSchema = z.object(connection).meta({ id: 'Connection' });
export const connectionWithEvents = z.object({ ...connection, events: z.array(eventSchema) });

export const clientsSchema = z.object({
  clients: z.array(
    z.object({
      client: z.string(),
      connections: z.int(),
      requests: z.int(),
      reused: z.int().describe('Requests on a connection that had had one before.'),
      ratio: z.number(),
    }),
  ),
});

export const taskSchema = z
  .object({
    id: z.string(),
    model: z.string(),
    status: z.enum(taskStatuses),
    createdAt: unixMs,
    updatedAt: unixMs,
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'AdminTask' });
export const tasksAnswer = z.object({
  summary: z.looseObject({ total: z.int(), successRate: z.number().nullable() }),
  tasks: z.array(taskSchema),
});

export const clockSchema = z
  .object({ now: unixMs, mode: z.enum(['real', 'manual']), speed: z.number() })
  .meta({ id: 'Clock' });

const deadLetter = {
  id: z.string(),
  class: z.string(),
  task: z.string(),
  attempts: z.int(),
  reason: z.string(),
  archivedAt: unixMs,
  expiresAt: unixMs.nullable(),
  compressed: z.boolean(),
  bytes: z.int(),
};
export const deadLetterSchema = z.looseObject(deadLetter).meta({ id: 'DeadLetter' });
export const deadLetterWhole = z.looseObject({ ...deadLetter, headers: z.looseObject({}), body: z.string() });
