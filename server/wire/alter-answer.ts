import type { ResponsePlan } from '../faults/plans.ts';
import type { Answer } from './carry-out.ts';
import { changeStream, isStreamed } from './streamed-body.ts';

/** The answer as the faults want it: first its body, then what its head says of it, so that the head may lie. */
export function alterAnswer({ status, headers, body }: Answer, plan: ResponsePlan): Answer {
  const { lengthOffBy, fields = {} } = plan;
  const length = headers['content-length'];
  const altered: Record<string, Answer['headers'][string]> = { ...headers };
  if (lengthOffBy !== undefined && length !== undefined)
    altered['content-length'] = Math.max(0, Number(length) + lengthOffBy);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) delete altered[name];
    else altered[name] = value;
  }
  return { status, headers: altered, body: alterBody(body, plan) };
}

function alterBody(body: Answer['body'], { changeBody }: ResponsePlan): Answer['body'] {
  if (!changeBody) return body;
  if (isStreamed(body)) return changeStream(body, changeBody);
  return body.byteLength > 0 ? changeBody(body.byteLength)(body, 0) : body;
}
