import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem, UsageError } from '../errors.ts';
import type { Lane } from '../lane.ts';
import { documented } from '../openapi/documented.ts';
import { bundledScenarios, findBundled, readScenario } from '../scenario/bundled.ts';
import { type LoadOptions, loadFault, loadScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { faultSchema, scenarioAnswer } from './answers.ts';
import type { FindWorld } from './deps.ts';

/** A body that the scenario's own loader checks, which knows lines and columns. */
const written = (what: string) => ({
  schema: z.looseObject({}).describe(`${what}, as \`seedance-mock schema\` describes it.`),
  text: { 'application/yaml': z.string() },
});

/** `/scenario`, `/scenarios`, `/faults` and `/reset`: what is in force, and ways to change it while connections and tasks stay. */
export function registerScenarios(app: FastifyInstance, worldOf: FindWorld): void {
  const describe = (lane: Lane) => {
    const { name, description, profile, clock, service, tasks: times, callbacks: rules, source } = lane.scenario;
    return {
      name,
      description,
      seed: lane.seed,
      profile,
      clock,
      service,
      tasks: times,
      callbacks: rules,
      faults: lane.faults,
      warnings: lane.warnings,
      ...(lane.upstream !== undefined && { upstream: lane.upstream }),
      source,
    };
  };

  app.get('/scenario', documented({ summary: 'What is in force.', answer: { schema: scenarioAnswer } }), (request) =>
    describe(worldOf(request).lane),
  );
  app.put(
    '/scenario',
    documented({
      summary:
        'Takes another scenario into force; connections and tasks stay, and the clock where it has none of its own.',
      description: 'On a mistake 422 with every problem, and the old one stays.',
      body: written('A scenario'),
      answer: { schema: scenarioAnswer },
      refusals: [422],
    }),
    (request) => {
      const { lane } = worldOf(request);
      try {
        lane.load((instead) => readGiven(request.body, (text) => loadScenario(text, { ...instead, file: 'scenario' })));
      } catch (error) {
        if (error instanceof UsageError) lane.refuse('PUT /scenario', error.problems);
        throw error;
      }
      return describe(lane);
    },
  );
  app.get(
    '/scenarios',
    documented({
      summary: 'The bundled scenarios.',
      answer: { schema: z.object({ scenarios: z.array(z.looseObject({ name: z.string() })) }) },
    }),
    () => ({ scenarios: bundledScenarios() }),
  );
  app.post<{ Params: { name: string } }>(
    '/scenarios/:name/activate',
    documented({ summary: 'Takes a bundled one into force.', answer: { schema: scenarioAnswer }, refusals: [404] }),
    (request) => {
      const { lane } = worldOf(request);
      lane.load((instead) => readBundled(request.params.name, instead));
      return describe(lane);
    },
  );
  app.get(
    '/faults',
    documented({
      summary: 'The faults that are armed, and how often each has struck.',
      answer: { schema: z.object({ faults: z.array(faultSchema) }) },
    }),
    (request) => ({ faults: worldOf(request).lane.faults }),
  );
  // What tells faults apart that come without a name.
  const numbers = new WeakMap<Lane, number>();
  app.post(
    '/faults',
    documented({
      summary: 'Arms one more, as it stands under `faults:`.',
      body: written('A fault'),
      answer: { status: 201, schema: faultSchema },
      refusals: [409, 422],
    }),
    (request, reply) => {
      const { lane } = worldOf(request);
      const number = Math.max(numbers.get(lane) ?? 0, lane.faults.length) + 1;
      numbers.set(lane, number);
      lane.arm(readGiven(request.body, (text) => loadFault(text, { file: 'fault', number })));
      reply.code(201);
      return lane.faults.at(-1);
    },
  );
  app.delete<{ Params: { name: string } }>(
    '/faults/:name',
    documented({ summary: 'Disarms one.', answer: { status: 204 }, refusals: [404] }),
    (request, reply) => {
      worldOf(request).lane.disarm(request.params.name);
      reply.code(204).send();
    },
  );
  app.post(
    '/reset',
    documented({
      summary: 'Starts over: forgets the tasks, and arms the faults of the file again. Connections and the clock stay.',
      answer: { schema: z.object({ seq: z.int(), seed: z.int() }) },
    }),
    (request) => {
      const { lane, tasks, callbacks } = worldOf(request);
      tasks.clear();
      callbacks.clear();
      lane.restart();
      return { seq: lane.journal.seq, seed: lane.seed };
    },
  );
}

/** Reads a bundled scenario. By name alone: a path would let whoever reaches this port read the machine's files.
 * @throws UsageError ADMIN_NOT_FOUND */
export function readBundled(name: string, options: Omit<LoadOptions, 'file'> = {}): Scenario {
  const file = findBundled(name);
  if (!file) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `bundled scenario "${name}"` })]);
  return readScenario(file, options);
}

const readGiven = <T>(body: unknown, read: (text: string) => T): T =>
  answerWith422(() => read(typeof body === 'string' ? body : ''));

/** Reads what a body holds; its problems are answered with 422. */
export function answerWith422<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.problems.map((found) => ({ ...found, status: 422 })));
  }
}
