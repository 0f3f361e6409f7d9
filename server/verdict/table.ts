import type { Check } from './check.ts';
import { alpnOffered } from './checks/alpn-offered.ts';
import { backoff } from './checks/backoff.ts';
import { callbacksAcknowledged } from './checks/callbacks-acknowledged.ts';
import { callbacksDeduplicated } from './checks/callbacks-deduplicated.ts';
import { callbacksVerified } from './checks/callbacks-verified.ts';
import { certificatesRefused } from './checks/certificates-refused.ts';
import { connectionReuse } from './checks/connection-reuse.ts';
import { createsAccounted } from './checks/creates-accounted.ts';
import { downloadsComplete } from './checks/downloads-complete.ts';
import { earlyDataNotReplayed } from './checks/early-data-not-replayed.ts';
import { failuresNoticed } from './checks/failures-noticed.ts';
import { finAnswered } from './checks/fin-answered.ts';
import { finalAnswersRespected } from './checks/final-answers-respected.ts';
import { givesUpWithin } from './checks/gives-up-within.ts';
import { goawayRespected } from './checks/goaway-respected.ts';
import { heartbeatInterval } from './checks/heartbeat-interval.ts';
import { noDuplicateCreates } from './checks/no-duplicate-creates.ts';
import { noH2c } from './checks/no-h2c.ts';
import { noRetryStorm } from './checks/no-retry-storm.ts';
import { ownTasksOnly } from './checks/own-tasks-only.ts';
import { pollInterval } from './checks/poll-interval.ts';
import { poolSize } from './checks/pool-size.ts';
import { recoversWithin } from './checks/recovers-within.ts';
import { retryAfterRespected } from './checks/retry-after-respected.ts';
import { silenceNoticed } from './checks/silence-noticed.ts';
import { successRate } from './checks/success-rate.ts';
import { tasksSettled } from './checks/tasks-settled.ts';
import { tracePropagated } from './checks/trace-propagated.ts';
import { urlsRenewed } from './checks/urls-renewed.ts';

/** Every check there is, in the order in which the reference lists them. */
export const checks = [
  backoff,
  retryAfterRespected,
  noRetryStorm,
  finalAnswersRespected,
  noDuplicateCreates,
  createsAccounted,
  ownTasksOnly,
  recoversWithin,
  givesUpWithin,
  silenceNoticed,
  successRate,
  connectionReuse,
  poolSize,
  heartbeatInterval,
  alpnOffered,
  noH2c,
  certificatesRefused,
  finAnswered,
  goawayRespected,
  earlyDataNotReplayed,
  tasksSettled,
  failuresNoticed,
  downloadsComplete,
  pollInterval,
  urlsRenewed,
  tracePropagated,
  callbacksAcknowledged,
  callbacksDeduplicated,
  callbacksVerified,
] as const satisfies readonly Check[];

export type CheckName = (typeof checks)[number]['name'];

type Bare<C extends Check> = C extends Check ? C['name'] : never;

/** What a program may write under `expect:`. */
export type CheckSpec =
  | Bare<(typeof checks)[number]>
  | {
      [C in (typeof checks)[number] as C['name']]: { readonly [name in C['name']]: C['params']['_zod']['input'] };
    }[CheckName];

/** The check of a name, if there is one. */
export const findCheck = (name: string): Check | undefined => checks.find((check) => check.name === name);
