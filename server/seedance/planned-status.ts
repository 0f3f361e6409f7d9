import type { PlannedStatus } from '../faults/plans.ts';
import { AUTH_HEADER_UNUSABLE } from './auth.ts';
import { errorBody } from './errors.ts';
import { JSON_TYPE } from './paths.ts';

/** The answer that a scenario puts in the place of the service's own: an Ark error body from 400 up, else `{}`. */
export function renderPlannedStatus({ code, error, headers }: PlannedStatus, requestId: string) {
  const body = code < 400 ? {} : errorBody(code, error === undefined ? {} : { code: error }, requestId);
  const unauthorized = code === 401 && { 'x-error-code': AUTH_HEADER_UNUSABLE };
  return { headers: { 'content-type': JSON_TYPE, ...unauthorized, ...headers }, body: JSON.stringify(body) };
}
