import type { z } from 'zod';
import type { Hook, Injection } from '../scenario/scenario.ts';
import type { ConnectionPlan, ResponsePlan, SessionPlan, TaskPlan } from './plans.ts';

/** What a fault works on at each hook: the plan of what is about to happen, and what may be asked of the server. */
export interface HookContexts {
  readonly accept: { readonly plan: ConnectionPlan; readonly openConnections: number };
  readonly 'client-hello': { readonly plan: ConnectionPlan };
  readonly handshake: { readonly plan: ConnectionPlan };
  readonly session: { readonly plan: SessionPlan };
  readonly request: { readonly plan: ResponsePlan; readonly stage: 'request' };
  readonly response: { readonly plan: ResponsePlan; readonly stage: 'response' };
  readonly task: { readonly plan: TaskPlan };
  readonly callback: { readonly plan: object };
  readonly dns: { readonly plan: object };
}

/** What a fault file says of itself. */
export interface FaultDefinition<H extends Hook, S extends z.ZodType> {
  /** Kebab case, unique within its hook. */
  readonly name: string;
  readonly on: readonly H[];
  /** One sentence for `list`, the reference and the JSON Schema. */
  readonly summary: string;
  readonly params: S;
  /** What it is about to do, in words, with its parameters. */
  readonly explain: (params: z.output<S>) => string;
  /** Writes what it wants into the plan; the server carries the plan out. */
  readonly apply: (context: HookContexts[H], params: z.output<S>) => void;
}

/** A fault as the table holds it. */
export interface Fault {
  readonly name: string;
  readonly on: readonly Hook[];
  readonly summary: string;
  readonly params: z.ZodType;
  /** Binds parameters that `params` has accepted. */
  readonly bind: (params: unknown) => Injection;
}

/** Turns a definition into a table row: the types of `params` and of the hook meet here and nowhere else. */
export function defineFault<const H extends Hook, S extends z.ZodType>(definition: FaultDefinition<H, S>): Fault {
  const { name, on, summary, params, explain, apply } = definition;
  return {
    name,
    on,
    summary,
    params,
    bind: (given) => {
      const checked = given as z.output<S>;
      return { fault: name, params: checked, did: explain(checked), apply: (context) => apply(context, checked) };
    },
  };
}
