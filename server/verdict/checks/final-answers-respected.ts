import { z } from 'zod';
import type { JournalEvent } from '../../journal.ts';
import { forgetAll, keep } from '../bounded.ts';
import { REPEATED_WITHIN_MS } from '../calls.ts';
import { defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { hasFailed, isWhole, type Request } from '../facts.ts';
import { isOver } from '../sightings.ts';

/** 4xx that the same request may not get again: it was late, too early or too much, or depends on a state. */
const PASSING = [408, 409, 425, 429];
/** How long the link to a result lasts (reference, Ark API section 11). */
const LINK_MS = 86_400_000;
const PATH_SHOWN = 100;

/** A task whose end the client has seen. */
interface End {
  readonly answer: Answer;
  /** Left out once its end is settled: it may turn out before that the client did not get that answer. */
  request?: Request | undefined;
  /** Lane time since when the polls count. */
  since: number;
  polls: number;
}

type Answer = JournalEvent<'response.sent'>;

/** A terminal task never changes, and neither does a refusal for good (reference, Ark API sections 5 to 7). */
export const finalAnswersRespected = defineCheck({
  name: 'final-answers-respected',
  summary: 'Sends no request again whose answer was final: a task that is over, a 4xx, or 409 to a DELETE.',
  definition: `Looks at what a client asks after a final answer.
- It was shown by Get that a task is over, and asks for that task more than \`polls\` times within 24 h: *polled after the end*. A few more Gets
  are no failure: another worker may want to know, or the client renews the \`video_url\`. After a download that failed, or a 403 from the storage, they count from 0.
- It sends the same request, with the same body and API key, more than \`repeats\` times after a 4xx that no retry changes (not 408, 409,
  425, 429 or one with \`Retry-After\`), each within ${REPEATED_WITHIN_MS / 1_000} s of the refusal before: *repeated in vain*.
  Not after a 404 for a task that exists: a replica may not know it yet.
- It sends DELETE again after 409, and neither it nor a Get of another client saw in between that the task is over: *DELETE repeated*. DELETE cannot cancel a running task; once the
  task is finished, DELETE removes it with its video.
Requests that were sent before the final answer do not count. Inconclusive without such an answer, and where a create that was refused for good
comes again more than \`repeats\` times with another \`seed\` or \`safety_identifier\` each time: the same in vain, or other videos.`,
  params: z.strictObject({
    polls: z.int().min(0).default(2).describe('How often a task may be asked for in 24 h after its end was seen.'),
    repeats: z.int().min(0).default(1).describe('How often a request that was refused for good may be sent again.'),
  }),
  mergeSensitive: true,
  expects: () => 'no request again after an answer that is final',
  client: {
    watch(tally, { polls, repeats }, { time, following }) {
      const ends = new Map<string, End>();
      const refused: Refusals = new Map();
      /** Those of the storage. */
      const links: Refusals = new Map();
      const conflicts = new Map<string, Answer>();
      /** By what a create wants: its latest refusal for good, and how often it came again with another seed or mark. */
      const changed = new Map<string, Changed>();

      const noteGet = (request: Request, answer: Answer, task: string) => {
        const status = following.statusShownBy(request);
        if (status === undefined) return;
        if (!isOver(status)) return void ends.delete(task);
        conflicts.delete(task);
        const end = ends.get(task);
        if (!end || (end.request && !isWhole(end.request))) {
          tally.note('final', [answer.seq]);
          keep(ends, task, { answer, request, since: answer.at, polls: 0 });
          return;
        }
        if (isBefore(request.received, end.answer)) return;
        if (answer.at - end.since > LINK_MS) Object.assign(end, { since: answer.at, polls: 0 });
        end.polls++;
        if (end.polls <= polls) return;
        const events = [end.answer.seq, request.received.seq];
        tally.note('polled after the end', events, end.polls, `asked ${end.polls} times for a task that is ${status}`);
      };

      const noteRefusal = (request: Request, answer: Answer, known: Refusals) => {
        const { received, body, place, target, account } = request;
        // Stryker disable next-line ConditionalExpression: it only saves work.
        if (known.size === 0 && !isFinal(answer)) return;
        // Different keys mean different calls, and another API key may be allowed what the one before was not.
        const key = [place, body?.digest, received.idempotencyKey, account].join(' ');
        const before = known.get(key);
        if (!isFinal(answer)) return void known.delete(key);
        if (before && isBefore(received, before.latest)) return;
        const isAgain = before && time.between(before.latest, received) <= REPEATED_WITHIN_MS;
        const times = isAgain ? before.times + 1 : 0;
        known.delete(key);
        keep(known, key, { latest: answer, times });
        if (times === 0) tally.note('final', [answer.seq]);
        if (!isAgain || times <= repeats) return;
        const what = `sent ${received.method} ${target.path.slice(0, PATH_SHOWN)} ${many(times, 'time')} more after ${answer.status}`;
        tally.note('repeated in vain', [before.latest.seq, received.seq], times, what);
      };

      const noteChanged = ({ received, body, place, account }: Request, answer: Answer) => {
        if (body?.intent === undefined) return;
        const key = [place, body.intent, received.idempotencyKey, account].join(' ');
        const before = changed.get(key);
        changed.delete(key);
        if (!isFinal(answer)) return;
        const { digest } = body;
        const isAgain =
          before && !isBefore(received, before.latest) && time.between(before.latest, received) <= REPEATED_WITHIN_MS;
        const times = isAgain ? before.times + (before.digest === digest ? 0 : 1) : 0;
        keep(changed, key, { latest: answer, digest, times });
        if (!isAgain || times <= repeats) return;
        const what = `sent ${many(times, 'create')} after ${answer.status} that differ from it in seed or mark alone`;
        tally.note('changed', [before.latest.seq, received.seq], times, what);
      };

      return {
        hearsStorage: true,
        request({ received, target: { task = '' } }) {
          const conflict = received.method === 'DELETE' ? conflicts.get(task) : undefined;
          if (!conflict || following.isSeenOver(task)) return;
          tally.note('DELETE repeated', [conflict.seq, received.seq], 0, `sent DELETE again after 409 for ${task}`);
        },
        over(request) {
          // Stryker disable next-line LogicalOperator: it bounds memory alone.
          const shown = ends.get(request.asked ?? '');
          // Stryker disable next-line ConditionalExpression: it bounds memory alone.
          if (shown?.request === request && isWhole(request)) shown.request = undefined;
          // A client that asks for the link again before it repeats a download means well.
          if (request.target.isResult && hasFailed(request)) for (const end of ends.values()) end.polls = 0;
        },
        answered(request) {
          const { answer, target, received } = request;
          if (!answer || request.tampered) return;
          if (target.isResult) {
            if (answer.status === 403) for (const end of ends.values()) end.polls = 0;
            return noteRefusal(request, answer, links);
          }
          const { task = '', isTasks } = target;
          if (task === '' && !isTasks) return;
          const { method } = received;
          if (task === '' && method === 'GET') forgetAll(conflicts);
          // The link to a result is new, though it looks the same here.
          if (method === 'GET' && answer.status === 200) forgetAll(links);
          if (method === 'DELETE' && answer.status === 409) {
            tally.note('final', [answer.seq]);
            keep(conflicts, task, answer);
          }
          noteGet(request, answer, task);
          const mayLag = answer.status === 404 && following.exists(task);
          if (!mayLag) noteRefusal(request, answer, refused);
          noteChanged(request, answer);
        },
      };
    },
    judge(tally) {
      const finals = tally.of('final').count;
      if (finals === 0) return inconclusive('it was given no final answer');
      const figures = { finals };
      for (const [finding, hint] of Object.entries(hints)) {
        const { count, most } = tally.of(finding);
        if (most) return fail(most.what, { finding, hint, ...tally.proofs(finding), figures: { ...figures, count } });
      }
      const { most: changed } = tally.of('changed');
      if (changed)
        return doubtful(`${changed.what}: the same in vain, or other videos`, { ...tally.proofs('changed'), figures });
      return pass(`took ${many(finals, 'final answer')} as final`, { ...tally.proofs('final'), figures });
    },
  },
});

/** By what was asked: the latest refusal, and how often it was asked again. */
type Refusals = Map<string, { readonly latest: Answer; readonly times: number }>;

interface Changed {
  readonly latest: Answer;
  readonly digest: string;
  readonly times: number;
}

/** What to change, by finding: the costliest first. */
const hints = {
  'DELETE repeated':
    'Poll after a 409: DELETE cannot cancel a running task, and removes a finished one with its video.',
  'repeated in vain': 'Give up on a 4xx other than 408, 425 and 429, or change the request: the answer stays the same.',
  'polled after the end':
    'Stop polling at `succeeded`, `failed`, `cancelled` and `expired`: no task leaves these states.',
} as const;

// Stryker disable next-line EqualityOperator: no two events have the same number.
const isBefore = (one: { readonly seq: number }, other = one): boolean => one.seq < other.seq;

const isFinal = ({ status, retryAfterMs }: Answer): boolean =>
  status >= 400 && status < 500 && !PASSING.includes(status) && retryAfterMs === undefined;
