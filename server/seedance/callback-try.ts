import { reasonOf } from '../errors.ts';
import type { Lane } from '../lane.ts';
import { renderDuration } from '../scenario/duration.ts';
import { type Letter, post } from './callback-post.ts';
import { Refused } from './near-address.ts';

/** How long an answer is waited for (reference, Ark API section 9), in lane time. */
export const ANSWER_WITHIN_MS = 5_000;

/** What came of one try. Only `refused` means that another one cannot help. */
export type TryOutcome =
  | { readonly how: 'answered'; readonly code: number; readonly replayed: boolean }
  | { readonly how: 'timed-out' | 'failed' | 'refused'; readonly reason: string };

/** Whether a receiver has taken a callback: any 2xx says so. */
export const isAcknowledged = (outcome: TryOutcome): boolean =>
  outcome.how === 'answered' && outcome.code >= 200 && outcome.code < 300;

/** Why a callback is not acknowledged, in words. */
export const reasonFor = (outcome: TryOutcome): string =>
  outcome.how === 'answered' ? `answered ${outcome.code}` : outcome.reason;

/** Posts once, and waits for the answer as long as the service does. `signal` calls it off. */
export async function tryOnce(
  letter: Letter,
  { clock, scenario, ownPorts }: Pick<Lane, 'clock' | 'scenario' | 'ownPorts'>,
  signal: AbortSignal,
): Promise<TryOutcome> {
  const patience = new AbortController();
  const timer = clock.after(ANSWER_WITHIN_MS, () => patience.abort());
  try {
    const { allow } = scenario.callbacks;
    const answer = await post(letter, { allow, ownPorts }, AbortSignal.any([signal, patience.signal]));
    return { how: 'answered', ...answer };
  } catch (error) {
    if (patience.signal.aborted) {
      return { how: 'timed-out', reason: `no answer within ${renderDuration(ANSWER_WITHIN_MS)}` };
    }
    // Of a name with several addresses Node tells only the code.
    const reason = reasonOf(error) || String((error as NodeJS.ErrnoException).code);
    return { how: error instanceof Refused ? 'refused' : 'failed', reason };
  } finally {
    timer.cancel();
  }
}
