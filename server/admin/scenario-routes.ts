import type { FastifyInstance } from 'fastify';
import { problem, UsageError } from '../errors.ts';
import { bundledScenarios, readScenario } from '../scenario/bundled.ts';
import { loadScenario } from '../scenario/load.ts';
import type { AdminDeps } from './deps.ts';
import { sendProblems } from './problem-json.ts';

/** `/scenario`, `/scenarios`, `/faults` and `/reset`: what is in force, and ways to change it while connections and tasks stay. */
export function registerScenarios(app: FastifyInstance, { lane, tasks }: AdminDeps): void {
  const describe = () => {
    const { name, description, profile, clock, service, tasks: times, source, warnings } = lane.scenario;
    return {
      name,
      description,
      seed: lane.seed,
      profile,
      clock,
      service,
      tasks: times,
      faults: lane.faults,
      warnings,
      source,
    };
  };

  app.get('/scenario', describe);
  app.put('/scenario', ({ body }, reply) => {
    try {
      lane.load(loadScenario(typeof body === 'string' ? body : '', { file: 'scenario' }));
    } catch (error) {
      if (error instanceof UsageError) return sendProblems(reply, error.problems, 422);
      throw error;
    }
    return describe();
  });
  app.get('/scenarios', () => ({ scenarios: bundledScenarios() }));
  app.post<{ Params: { name: string } }>('/scenarios/:name/activate', ({ params }) => {
    // By name alone: a path would let whoever reaches this port read the machine's files.
    const bundled = bundledScenarios().find(({ name }) => name === params.name);
    if (!bundled) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `bundled scenario "${params.name}"` })]);
    lane.load(readScenario(bundled.file));
    return describe();
  });
  app.get('/faults', () => ({ faults: lane.faults }));
  app.post('/reset', () => {
    tasks.clear();
    lane.restart();
    return { seq: lane.journal.seq, seed: lane.seed };
  });
}
