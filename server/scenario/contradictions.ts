import type { z } from 'zod';
import type { Contradiction } from '../faults/fault.ts';
import { renderDuration } from './duration.ts';
import { strikesByTime } from './injector.ts';
import type { FaultRule, Hook, Injection, When, whenSchema } from './scenario.ts';

/** Why the conditions of a `when` can never hold together, or undefined when they can. */
export function contradictionOf(when: When, on: Hook): Contradiction | undefined {
  const { from = 0, to = Number.POSITIVE_INFINITY, per } = when;
  if (from > to) {
    const reason = `It ends at ${renderDuration(to)}, before it starts at ${renderDuration(from)}.`;
    return { param: 'to', reason, instead: 'Write a `to` that is later than `from`.' };
  }
  if (per === 'task' && beforeRequests.includes(on)) {
    const reason = `On "${on}" no task is known yet to count by.`;
    return {
      param: 'per',
      reason,
      instead: 'Count per lane, connection or client, or strike on request, response or task.',
    };
  }
  if (on === 'dns' && (when.connection || per === 'connection'))
    return {
      param: when.connection ? 'connection' : 'per',
      reason: 'A DNS query belongs to no connection.',
      instead: 'Count per lane or client.',
    };
  const connection = ordinalsOf(when.connection ?? {});
  return ordinalsOf(when) ?? (connection && { ...connection, param: 'connection' });
}

const beforeRequests: readonly Hook[] = ['accept', 'client-hello', 'handshake', 'session', 'dns'];

/** The first ordinal at which everything else holds lies beyond what `first` and `nth` allow. */
function ordinalsOf({ nth, every = 1, first, after = 0 }: Ordinals): Contradiction | undefined {
  const earliest = Math.ceil((after + 1) / every) * every;
  const instead = 'Loosen one of them: all that is given must hold.';
  if (first !== undefined && earliest > first)
    return {
      param: 'first',
      reason: `It never strikes: it could from number ${earliest} on, after the first ${first}.`,
      instead,
    };
  const possible = [nth ?? []].flat().filter((n) => n > after && n % every === 0 && n <= (first ?? n));
  if (nth !== undefined && possible.length === 0)
    return { param: 'nth', reason: 'It never strikes: no `nth` satisfies the other conditions.', instead };
  return undefined;
}

type Ordinals = Pick<z.output<typeof whenSchema>, 'nth' | 'every' | 'first' | 'after'>;

/** Two injections of one rule of which one would never have an effect. */
export function findRival(injection: Injection, before: readonly Injection[]): Contradiction | undefined {
  const { fault, decides, shapes, withholds } = injection;
  const rival = before.find((other) => decides !== undefined && other.decides === decides);
  if (rival) {
    const reason = `"${rival.fault}" before it decides the ${decides} already, so this "${fault}" has no effect.`;
    return { param: '', reason, instead: 'Split it into two faults, each with a `when` of its own.' };
  }
  const cut = before.find((other) => shapes !== undefined && other.withholds.includes(shapes));
  if (cut) return withheld(fault, shapes, cut.fault);
  const voided = before.find((other) => other.shapes !== undefined && withholds.includes(other.shapes));
  return voided && withheld(voided.fault, voided.shapes, fault);
}

const withheld = (fault: string, part: Injection['shapes'], by: string): Contradiction => ({
  param: '',
  reason: `"${by}" comes before the ${part} of the answer is sent, so "${fault}" beside it has no effect.`,
  instead: `Let "${by}" strike later in the answer, or split it into two faults, each with a \`when\` of its own.`,
});

/** An injection of a rule that a time alone strikes, though it does something to a connection. */
export function findIdle(rule: FaultRule): Contradiction | undefined {
  const index = strikesByTime(rule) ? rule.inject.findIndex(({ byTime }) => !byTime) : -1;
  const idle = rule.inject[index];
  if (!idle) return undefined;
  const reason = `Nothing is counted here, so a time alone strikes, and "${idle.fault}" meets no connection.`;
  return {
    param: String(index),
    reason,
    instead: 'Give it a fault of its own, or say in `when` which connection strikes.',
  };
}
