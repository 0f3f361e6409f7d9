import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { isAcknowledged } from '../facts.ts';

const TASK = /\/contents\/generations\/tasks\/([^/?]+)$/;

/** A callback is not signed: what it says is to be confirmed with Get (reference, Ark API section 9). */
export const callbacksVerified = defineCheck({
  name: 'callbacks-verified',
  summary: 'Refuses a callback that it cannot read, and confirms with Get what another one says.',
  definition: `Of each callback that a fault has spoilt: one that is no JSON any more and is acknowledged is *taken unread*; one that can be read, is acknowledged,
and whose task (header \`biz-id\`) no Get that came after the callback was answered for is *not confirmed*. One that is refused comes again, or is lost
for good: that is fine. Inconclusive where no spoilt callback was answered.`,
  params: z.strictObject({}),
  expects: () => 'callbacks that say something wrong to be refused, or confirmed with Get',
  run: {
    watch(tally) {
      /** Spoilt ones by task, from when they are sent until they are refused or confirmed. */
      const open = new Map<string, Spoilt>();
      const settle = (task: string, { answered, confirmed }: Spoilt) => {
        if (answered === undefined || confirmed === undefined) return;
        open.delete(task);
        tally.note('confirmed', [answered, confirmed]);
      };
      return {
        open,
        event(event) {
          if (event.type === 'callback.sent' && event.spoilt && !open.has(event.task))
            open.set(event.task, { sent: event.seq });
          const spoilt = 'task' in event && event.task !== undefined ? open.get(event.task) : undefined;
          if (!spoilt) return;
          if (event.type === 'callback.failed' && spoilt.answered === undefined) open.delete(event.task);
          if (event.type !== 'callback.answered' || !event.spoilt) return;
          const acknowledged = isAcknowledged(event);
          if (acknowledged && event.spoilt === 'altered') {
            spoilt.answered ??= event.seq;
            settle(event.task, spoilt);
            return;
          }
          tally.note(acknowledged ? 'taken unread' : 'refused', [event.seq]);
          if (spoilt.answered === undefined) open.delete(event.task);
        },
        answered({ received, answer }) {
          const [, task = ''] = received.method === 'GET' ? (TASK.exec(received.path) ?? []) : [];
          const spoilt = open.get(task);
          if (!spoilt || answer?.status !== 200 || received.seq < spoilt.sent) return;
          spoilt.confirmed = answer.seq;
          settle(task, spoilt);
        },
      };
    },
    judge(tally, _params, _now, { open }) {
      for (const { answered } of open.values()) if (answered !== undefined) tally.note('not confirmed', [answered]);
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

/** A callback that a fault has spoilt, by sequence numbers. */
interface Spoilt {
  readonly sent: number;
  /** It was acknowledged. */
  answered?: number;
  /** A Get that came after it was answered. */
  confirmed?: number;
}
