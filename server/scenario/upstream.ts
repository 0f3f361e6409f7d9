import { isDeepStrictEqual } from 'node:util';
import { callbacksSchema, type FaultRule, type Hook, mediaSchema, type Scenario, tasksSchema } from './scenario.ts';

/** The stops that only our own service has: tasks, callbacks and videos of an upstream are its own. */
const OWN_HOOKS: readonly Hook[] = ['task', 'callback', 'video'];

/** Whether a fault can strike nothing where the calls are passed through to an upstream. */
export const isBehindUpstream = ({ on }: Pick<FaultRule, 'on'>): boolean => OWN_HOOKS.includes(on);

/** Settings of our own service, with what they are where a scenario does not say. */
const ownSettings = [
  ['tasks', tasksSchema.parse({})],
  ['callbacks', callbacksSchema.parse({})],
  ['media', mediaSchema.parse({})],
  ['limits', undefined],
] as const;

/** What of a scenario has no effect, or another one, where the calls are passed through to an upstream.
 * @returns what to warn of. It is no mistake: the same scenario may be for our own service as well */
export function warnOfUpstream(scenario: Scenario): string[] {
  const idle = scenario.faults.filter(isBehindUpstream).map(({ name }) => `"${name}"`);
  const unused = ownSettings.filter(([key, otherwise]) => !isDeepStrictEqual(scenario[key], otherwise));
  const { mode, speed } = scenario.clock ?? { mode: 'real', speed: 1 };
  return [
    ...(idle.length > 0
      ? [`Tasks, callbacks and videos are the upstream's own, so these never strike: ${idle.join(', ')}.`]
      : []),
    ...(unused.length > 0
      ? [`The upstream has settings of its own, so these have no effect: ${unused.map(([key]) => key).join(', ')}.`]
      : []),
    ...(mode === 'manual' || speed !== 1
      ? ['The upstream keeps its own time: the clock of this scenario moves rules and faults alone.']
      : []),
  ];
}
