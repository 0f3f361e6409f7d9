import { z } from 'zod';
import type { CallbackTry, JournalEvent } from '../../journal.ts';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged } from '../facts.ts';

/** A callback is not signed: what it says is to be confirmed with Get (reference, Ark API section 9). */
export const callbacksVerified = defineCheck({
  name: 'callbacks-verified',
  summary: 'Refuses a callback that it cannot read, and confirms with Get what another one says.',
  definition: `Of each callback that a fault has spoilt: one that is no JSON any more and is acknowledged is *taken unread*; one that can be read, is acknowledged,
and whose task (header \`biz-id\`) no Get, nor a List that names it (\`filter.task_ids\`), that came after the callback was answered for is *not confirmed*. One that is refused comes again, or is lost
for good: that is fine. Inconclusive where no spoilt callback was answered.`,
  params: z.strictObject({}),
  expects: () => 'callbacks that say something wrong to be refused, or confirmed with Get',
  run: {
    watch(tally) {
      /** Spoilt tries by task and key, from when they are sent until they are refused or confirmed. */
      const open = new Map<string, Map<string, Spoilt>>();
      const close = (task: string, key: string) => {
        const tries = open.get(task);
        tries?.delete(key);
        // Stryker disable next-line ConditionalExpression: it bounds memory alone.
        if (tries?.size === 0) open.delete(task);
      };
      const settle = (task: string, key: string, { answered, confirmed }: Spoilt) => {
        if (answered === undefined || confirmed === undefined) return;
        close(task, key);
        tally.note('confirmed', [answered, confirmed]);
      };
      const noteAnswer = (event: JournalEvent<'callback.answered'>) => {
        const { task, spoilt, seq } = event;
        const key = keyOf(event);
        if (isAcknowledged(event) && spoilt === 'altered') {
          const sent = open.get(task)?.get(key);
          if (!sent) return;
          sent.answered = seq;
          settle(task, key, sent);
        } else {
          close(task, key);
          tally.note(isAcknowledged(event) ? 'taken unread' : 'refused', [seq]);
        }
      };
      return {
        open,
        event(event) {
          switch (event.type) {
            case 'callback.sent': {
              // Stryker disable next-line ConditionalExpression: it bounds memory alone.
              if (!event.spoilt) break;
              const tries = open.get(event.task) ?? new Map<string, Spoilt>();
              open.set(event.task, tries.set(keyOf(event), { sent: event.seq }));
              break;
            }
            case 'callback.failed':
              close(event.task, keyOf(event));
              break;
            case 'callback.answered':
              if (event.spoilt) noteAnswer(event);
              break;
          }
        },
        answered({ asked, target, received, answer }) {
          if (answer?.status !== 200 || open.size === 0) return;
          const listed = received.method === 'GET' ? target.listed : [];
          for (const task of asked === undefined ? listed : [asked])
            for (const [key, spoilt] of open.get(task) ?? []) {
              // Stryker disable next-line EqualityOperator: no two events have the same number.
              if (received.seq < spoilt.sent) continue;
              spoilt.confirmed = answer.seq;
              settle(task, key, spoilt);
            }
        },
      };
    },
    judge(tally, _params, _now, { open }) {
      for (const tries of open.values())
        for (const { answered } of tries.values()) if (answered !== undefined) tally.note('not confirmed', [answered]);
      const counts = ['refused', 'confirmed', 'taken unread', 'not confirmed'].map((kind) => tally.of(kind).count);
      const [refused = 0, confirmed = 0, unread = 0, unconfirmed = 0] = counts;
      const total = refused + confirmed + unread + unconfirmed;
      if (total === 0) return inconclusive('no callback that a fault had spoilt was answered');
      const figures = { spoilt: total, refused, confirmed };
      if (unread > 0)
        return fail(`acknowledged ${unread} of ${many(total, 'spoilt callback')} that is no JSON`, {
          finding: 'taken unread',
          hint: 'Parse the body before you answer 2xx; with 4xx or 5xx the callback comes again.',
          ...tally.proofs('taken unread'),
          figures,
        });
      if (unconfirmed > 0)
        return fail(`acted on ${unconfirmed} of ${many(total, 'spoilt callback')} without asking for the task`, {
          finding: 'not confirmed',
          hint: 'Get the task that `biz-id` names before you act on a callback: nothing signs what it says.',
          ...tally.proofs('not confirmed'),
          figures,
          provisional: true,
        });
      return pass(`refused ${refused} and confirmed ${confirmed} of ${many(total, 'spoilt callback')}`, {
        ...tally.proofs('refused', 'confirmed'),
        figures,
      });
    },
  },
});

/** Tries of one callback, and callbacks of one task, may be under way at the same time. */
const keyOf = ({ bizId, opType, version, attempt, copy = 1, replay = 0 }: CallbackTry) =>
  [bizId, opType, version, copy, replay, attempt].join(':');

/** A callback that a fault has spoilt, by sequence numbers. */
interface Spoilt {
  readonly sent: number;
  /** It was acknowledged. */
  answered?: number;
  /** A Get that came after it was answered. */
  confirmed?: number;
}
