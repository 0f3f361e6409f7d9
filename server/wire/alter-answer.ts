import type { ResponsePlan } from '../faults/plans.ts';
import type { Answer } from './carry-out.ts';

/** The answer as the faults want it: first its body, then what its head says of it, so that the head may lie. */
export function alterAnswer({ status, headers, body }: Answer, plan: ResponsePlan): Answer {
  const { changeBody, lengthOffBy, fields = {} } = plan;
  const length = headers['content-length'];
  const altered: Record<string, Answer['headers'][string]> = { ...headers };
  if (lengthOffBy !== undefined && length !== undefined)
    altered['content-length'] = Math.max(0, Number(length) + lengthOffBy);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) delete altered[name];
    else altered[name] = value;
  }
  return { status, headers: altered, body: changeBody && body.byteLength > 0 ? changeBody(body) : body };
}
