import type { Trace } from '../journal.ts';
import type { Facts } from '../scenario/scenario.ts';
import type { Length, TaskSettings } from './create-request.ts';

export const taskStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export interface TaskError {
  readonly code: string;
  readonly message: string;
}

/** Who created a task, as far as faults and callbacks have to know. */
export interface Caller {
  /** Scheme and authority by which the caller knows us. */
  readonly origin: string;
  /** What faults count by. */
  readonly facts: Pick<Facts, 'client' | 'connection'>;
  /** The number of the call on its connection. */
  readonly request?: number;
  readonly trace?: Trace;
}

/** A task as it stands at one moment; a change makes a new one. Times are lane time in Unix milliseconds. */
export interface Task {
  readonly id: string;
  readonly status: TaskStatus;
  readonly settings: TaskSettings;
  readonly caller: Caller;
  /** Counts its statuses, from 1. */
  readonly version: number;
  readonly createdAtMs: number;
  /** The last change of status. */
  readonly updatedAtMs: number;
  /** What the model chose where the request left it the choice. */
  readonly chosen: { readonly seed: number; readonly length: Length };
  /** Names the result files. */
  readonly fileId: string;
  /** The dispatcher has given it up: it will never run, and Get goes on saying `queued`. */
  readonly dropped?: true;
  /** Set once it failed. */
  readonly error?: TaskError;
}

const HOUR_MS = 3_600_000;
export const CANCELLED_KEPT_MS = 24 * HOUR_MS;
export const RECORD_KEPT_MS = 7 * 24 * HOUR_MS;

/** The arrows of the reference, section 6; there are no others. */
const arrows: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  queued: ['running', 'cancelled', 'expired'],
  running: ['succeeded', 'failed', 'expired'],
  succeeded: [],
  failed: [],
  cancelled: [],
  expired: [],
};

/** The states a task can go to from this one. */
export const nextStatuses = (from: TaskStatus): readonly TaskStatus[] => arrows[from];

/** Whether nothing will ever change this task again. */
export const isTerminal = ({ status }: Task): boolean => arrows[status].length === 0;

/** Whether the service has forgotten the task: a day after it was cancelled, seven days after it was created. */
export function isForgotten({ status, createdAtMs, updatedAtMs }: Task, nowMs: number): boolean {
  if (status === 'cancelled' && nowMs - updatedAtMs >= CANCELLED_KEPT_MS) return true;
  return nowMs - createdAtMs > RECORD_KEPT_MS;
}
