import type { ScenarioInput } from '../../../server/index.ts';
import { TASKS } from './tasks.ts';

/** Statuses that a client asks for by a Get of `cgt-status-N`, each by a code that belongs to it. */
const codes = {
  400: 'InvalidParameter',
  401: 'AuthenticationError',
  403: 'AccountOverdueError',
  404: 'ResourceNotFound',
  409: 'InvalidAction.RunningTaskDeletion',
  429: 'ServerOverloaded',
  500: 'InternalServiceError',
} as const;

const faults: NonNullable<ScenarioInput['faults']> = [
  ...Object.entries(codes).map(([status, error]) => ({
    name: status,
    on: 'request' as const,
    match: { path: `${TASKS}/cgt-status-${status}` },
    inject: [{ status: { error } }],
  })),
  ...[502, 503].map((code) => ({
    name: `${code}`,
    on: 'request' as const,
    match: { path: `${TASKS}/cgt-status-${code}` },
    inject: [{ status: { code, body: 'text' as const } }],
  })),
  ...(['queued', 'running'] as const).map((state) => ({
    name: `stay ${state}`,
    on: 'task' as const,
    match: { prompt: `stay ${state}` },
    inject: [{ stick: { in: state } }],
  })),
];

/** The service for a tour of an SDK: quick, with an error of each status, and tasks that stay where their prompt says. */
export const tourScenario: ScenarioInput = { tasks: { queued: '50ms', running: '150ms' }, faults };

/** A service that does the work of each create, and tells the first who asks for it something else. */
export const answerCreateWith = (status: {
  readonly code: number;
  readonly body?: 'empty' | 'html';
}): ScenarioInput => ({
  expect: ['no-duplicate-creates', 'creates-accounted'],
  faults: [
    {
      name: 'the answer is another',
      on: 'response',
      match: { method: 'POST' },
      when: { first: 1 },
      inject: [{ status }],
    },
  ],
});
