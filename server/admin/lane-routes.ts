import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Lanes, OpenLane } from '../lanes.ts';
import { documented } from '../openapi/documented.ts';
import { clockOf, loadScenario } from '../scenario/load.ts';
import { overrideSchemas } from '../scenario/overrides.ts';
import { laneSchema } from './answers.ts';
import { readBody } from './body.ts';
import { findLane } from './deps.ts';
import { answerWith422, readBundled } from './scenario-routes.ts';

const setting = z.strictObject({
  id: z.string().optional().describe('One label of a host name; left out: `lane-1`, `lane-2` and so on.'),
  scenario: z
    .union([z.string(), z.looseObject({})])
    .default({})
    .describe('The name of a bundled one, its YAML, or the same as an object.'),
  seed: overrideSchemas.seed.optional(),
  profile: overrideSchemas.profile.optional(),
  clock: overrideSchemas.clock.optional(),
});

interface ById {
  Params: { id: string };
}

const describe = ({ id, world, url, nameUrl, sharedUrl, apiKey, adminUrl, storageUrl }: OpenLane) => {
  const { lane } = world;
  return { id, url, nameUrl, sharedUrl, apiKey, adminUrl, storageUrl, scenario: lane.scenario.name, seed: lane.seed };
};

/** `/lanes`: the isolated worlds beside the main one. What each has to tell and to take stands under `/lanes/{id}/...`. */
export function registerLanes(app: FastifyInstance, lanes: Lanes): void {
  app.get(
    '/lanes',
    documented({
      summary: 'The lanes beside the main one.',
      answer: { schema: z.object({ lanes: z.array(laneSchema) }) },
    }),
    () => ({ lanes: lanes.list().map(describe) }),
  );
  app.post(
    '/lanes',
    documented({
      summary: 'Opens an isolated world: for one of many tests that run at the same time.',
      description: 'All of it may be left out. Its routes are those of the main lane, under `/lanes/{id}`.',
      body: { schema: setting, optional: true },
      answer: { status: 201, schema: laneSchema },
      refusals: [400, 404, 409, 422],
    }),
    async (request, reply) => {
      const { id, scenario, seed, profile, clock } = readBody(request.body, setting);
      const instead = { seed, profile, clock: clockOf(clock) };
      // A path would let whoever reaches this port read the machine's files; what has no line break is a name.
      const isName = typeof scenario === 'string' && !/[\n:{]/.test(scenario);
      const read = isName
        ? readBundled(scenario, instead)
        : answerWith422(() => loadScenario(scenario as string | object, { ...instead, file: 'scenario' }));
      const open = await lanes.open({ id, scenario: read });
      reply.code(201).header('location', `/lanes/${open.id}`);
      return describe(open);
    },
  );
  app.get<ById>(
    '/lanes/:id',
    documented({ summary: 'One of them.', answer: { schema: laneSchema }, refusals: [404] }),
    ({ params }) => describe(findLane(lanes, params.id)),
  );
  app.delete<ById>(
    '/lanes/:id',
    documented({
      summary: 'Ends it, and frees all that it held.',
      answer: { status: 204 },
      refusals: [404],
    }),
    async ({ params }, reply) => {
      await lanes.close(findLane(lanes, params.id));
      return reply.code(204).send();
    },
  );
}
