import type { Facts, Match, Occasion } from '../scenario/scenario.ts';
import type { Fault, HookContexts, RuleSetting } from './fault.ts';
import type { CallbackPlan, ResponsePlan } from './plans.ts';

/** An occasion without a lane: every draw gives `drawn`, and nothing is remembered from one to the next. */
export const occasionOf = (facts: Facts = {}, drawn = 0.5): Occasion => ({
  facts,
  nowMs: 0,
  draw: () => drawn,
  memory: (create) => create(),
});

/** What a scenario's parameters make a fault do to a plan, without a server around it.
 * @returns what it says it does */
export function applyFault<F extends Fault>(
  fault: F,
  params: unknown,
  context: HookContexts[F['on'][number]],
  occasion = occasionOf(),
): string {
  const injection = fault.bind(fault.params.parse(params));
  if (injection.applies(context as never, occasion)) injection.apply(context as never, occasion);
  return injection.did;
}

/** Why a rule with these parameters would be refused. */
export function contradictionOf(fault: Fault, params: unknown, on: RuleSetting['on'], match: Match = {}) {
  return fault.contradiction(fault.params.parse(params), { on, match });
}

/** What is wrong with parameters, in the words of their schema. */
export const complaintsOf = (fault: Fault, params: unknown): readonly string[] =>
  fault.params.safeParse(params).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

/** The plan of an answer that nothing was planned for yet. */
export const emptyPlan = (): ResponsePlan => ({ delayBeforeMs: 0, delayAfterMs: 0 });

/** The plan of a callback that nothing was planned for yet. */
export const healthyCallback = (): CallbackPlan => ({
  dropped: false,
  delayMs: 0,
  copies: 0,
  wrongTask: false,
  flips: [],
});
