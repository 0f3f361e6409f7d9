import type { ResponsePlan } from '../faults/plans.ts';
import { type Answer, BODILESS } from './carry-out.ts';
import { changeStream, isStreamed } from './streamed-body.ts';

/** Whether a success is not the JSON that it is by nature. One without a body, and a video, are none. */
function isUnreadable(given: Answer, plan: ResponsePlan, body: Answer['body']): boolean {
  const { changeBody, statusBefore, statusAfter } = plan;
  const isPlanned = statusBefore !== undefined || statusAfter !== undefined;
  if (!changeBody && !isPlanned) return false;
  const { status, headers } = given;
  if (status < 200 || status > 299 || BODILESS.includes(status) || isStreamed(body)) return false;
  // HEAD is answered with a length alone.
  if (body.byteLength === 0 && Number(headers['content-length']) > 0) return false;
  return (isPlanned || isJson(given)) && !parses(body);
}

const isJson = ({ headers }: Answer): boolean => /\bjson\b/.test(String(headers['content-type']));

function parses(body: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(body).toString());
    return true;
  } catch {
    return false;
  }
}

/** The answer as the faults want it: first its body, then what its head says of it, so that the head may lie. */
export function alterAnswer(given: Answer, plan: ResponsePlan): Answer {
  const { status, headers } = given;
  const { lengthOffBy, fields = {} } = plan;
  const length = headers['content-length'];
  const altered: Record<string, Answer['headers'][string]> = { ...headers };
  if (lengthOffBy !== undefined && length !== undefined)
    altered['content-length'] = Math.max(0, Number(length) + lengthOffBy);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) delete altered[name];
    else altered[name] = value;
  }
  const body = alterBody(given.body, plan);
  return { status, headers: altered, body, ...(isUnreadable(given, plan, body) && { unreadable: true }) };
}

function alterBody(body: Answer['body'], { changeBody }: ResponsePlan): Answer['body'] {
  if (!changeBody) return body;
  if (isStreamed(body)) return changeStream(body, changeBody);
  return body.byteLength > 0 ? changeBody(body.byteLength)(body, 0) : body;
}
