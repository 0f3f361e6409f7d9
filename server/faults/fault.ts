import type { z } from 'zod';
import type { AnswerPart, Hold, HoldMoment, Hook, Injection, Match, Need, Occasion } from '../scenario/scenario.ts';
import type { CallbackPlan, ConnectionPlan, DnsPlan, ResponsePlan, SessionPlan, TaskPlan } from './plans.ts';

/** Whether single frames of an HTTP/2 connection can be seen and altered: not of one opened while no fault needed that. On
 * HTTP/1.1 there are none. */
export type FrameReach = 'in-reach' | 'out-of-reach' | undefined;

/** What a fault works on at each hook: the plan of what is about to happen, and what may be asked of the server. */
export interface HookContexts {
  readonly accept: { readonly plan: ConnectionPlan; readonly openConnections: number };
  readonly 'client-hello': { readonly plan: ConnectionPlan };
  readonly handshake: { readonly plan: ConnectionPlan };
  readonly session: { readonly plan: SessionPlan };
  readonly request: { readonly plan: ResponsePlan; readonly stage: 'request'; readonly frames?: FrameReach };
  readonly video: { readonly plan: ResponsePlan; readonly stage: 'video'; readonly frames?: FrameReach };
  readonly response: { readonly plan: ResponsePlan; readonly stage: 'response'; readonly frames?: FrameReach };
  readonly task: { readonly plan: TaskPlan };
  /** `last`: the task is over, so no later callback follows. */
  readonly callback: { readonly plan: CallbackPlan; readonly last: boolean };
  readonly dns: { readonly plan: DnsPlan; readonly transport: 'udp' | 'tcp' };
}

/** The rule a fault stands in, as far as its parameters can contradict it. */
export interface RuleSetting {
  readonly on: Hook;
  readonly match: Match;
}

/** Why parameters make no sense, and which one to point at. */
export interface Contradiction {
  readonly reason: string;
  readonly instead: string;
  readonly param: string;
}

/** A thing of a plan that only one fault can decide. */
export type Decision =
  | 'end'
  | 'status'
  | 'goaway'
  | 'pace'
  | 'outcome'
  | 'dispatcher'
  | 'answer'
  | 'delivery'
  | 'order'
  | 'task'
  | 'version'
  | 'certificate'
  | 'alpn'
  | 'tickets'
  | 'segments'
  | 'freeze'
  | 'body'
  | 'type'
  | 'length';

/** What a fault file says of itself. */
export interface FaultDefinition<N extends string, H extends Hook, S extends z.ZodType> {
  /** Kebab case, unique within its hook. */
  readonly name: N;
  readonly on: readonly H[];
  /** One sentence for `list`, the reference and the JSON Schema. */
  readonly summary: string;
  readonly params: S;
  /** The one thing of the plan that it decides: two that decide the same cannot stand in one rule. */
  readonly decides?: Decision | ((params: z.output<S>) => Decision | undefined);
  /** The part of the answer that it is about; without that part it has no effect. */
  readonly shapes?: AnswerPart;
  /** The parts of the answer that never leave because of it. */
  readonly withholds?: (params: z.output<S>) => readonly AnswerPart[];
  /** `frames`: it sees or alters single HTTP/2 frames, so connections opened while it is armed take the slower way on which
   * that can be done. Left out, or undefined for these parameters: nothing. */
  readonly needs?: Need | ((params: z.output<S>) => Need | undefined);
  /** What `params` alone cannot tell: parameters that make no sense on a hook, beside a match, or together. */
  readonly contradiction?: (params: z.output<S>, rule: RuleSetting) => Contradiction | undefined;
  /** Whether it takes what only `openssl.ts` reaches; left out, no. */
  readonly needsOpenSsl?: (params: z.output<S>) => boolean;
  /** What it is about to do, in words, with its parameters; with an occasion, what it does there. */
  readonly explain: (params: z.output<S>, occasion?: Occasion) => string;
  /** Whether it does anything this time; left out, always. Asked once per occasion, so it may count. */
  readonly applies?: (context: HookContexts[H], params: z.output<S>, occasion: Occasion) => boolean;
  /** Writes what it wants into the plan; the server carries the plan out. */
  readonly apply: (context: HookContexts[H], params: z.output<S>, occasion: Occasion) => void;
  /** What it does to connections yet to come, for as long as it says so, from its strike until it is disarmed. */
  readonly hold?: (moment: HoldMoment, params: z.output<S>) => Hold | undefined;
  /** In a rule that counts nothing it strikes once, when the time has come, and not at a connection. */
  readonly byTime?: boolean;
}

/** A fault as the table holds it. */
export interface Fault {
  readonly name: string;
  readonly on: readonly Hook[];
  readonly summary: string;
  readonly params: z.ZodType;
  /** Binds parameters that `params` has accepted. */
  readonly bind: (params: unknown) => Injection;
  /** Asked with parameters that `params` has accepted. */
  readonly contradiction: (params: unknown, rule: RuleSetting) => Contradiction | undefined;
  /** Asked with parameters that `params` has accepted. */
  readonly needsOpenSsl: (params: unknown) => boolean;
}

/** A table row that still knows its own name, hooks and parameters: what `inject:` takes is read off these. */
export interface FaultRow<N extends string, H extends Hook, S extends z.ZodType> extends Fault {
  readonly name: N;
  readonly on: readonly H[];
  readonly params: S;
}

/** Turns a definition into a table row: the types of `params` and of the hook meet here and nowhere else. */
export function defineFault<const N extends string, const H extends Hook, S extends z.ZodType>(
  definition: FaultDefinition<N, H, S>,
): FaultRow<N, H, S> {
  const { name, on, summary, params, decides, shapes, explain, apply } = definition;
  const { contradiction = () => undefined, needsOpenSsl = () => false } = definition;
  const { applies = () => true, withholds = () => [], needs } = definition;
  const { hold, byTime = false } = definition;
  return {
    name,
    on,
    summary,
    params,
    contradiction: (given, rule) => contradiction(given as z.output<S>, rule),
    needsOpenSsl: (given) => needsOpenSsl(given as z.output<S>),
    bind: (given) => {
      const checked = given as z.output<S>;
      return {
        fault: name,
        params: checked,
        decides: typeof decides === 'function' ? decides(checked) : decides,
        shapes,
        withholds: withholds(checked),
        did: explain(checked),
        didOn: (occasion) => explain(checked, occasion),
        applies: (context, occasion) => applies(context, checked, occasion),
        apply: (context, occasion) => apply(context, checked, occasion),
        byTime,
        ...(hold && { hold: (moment) => hold(moment, checked) }),
        needs: typeof needs === 'function' ? needs(checked) : needs,
      };
    },
  };
}
