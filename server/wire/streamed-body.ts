import type { ChangeBody, ResponsePlan } from '../faults/plans.ts';
import type { Answer } from './carry-out.ts';

/** A body that comes while what came before is on its way: at no time is it held whole. Read once, in order. */
export interface StreamedBody extends AsyncIterable<Uint8Array> {
  /** How long it will be; undefined where nobody has said so. */
  readonly byteLength: number | undefined;
  /** Sees to it that whoever follows this body knows of it what there is to know, and gives up the rest. Never fails. */
  settle(): Promise<void>;
}

/** How far a body of unknown length is read ahead for a fault that has to know it, and how long it counts as when it is longer. */
export const MAX_AHEAD_BYTES = 65_536;

export const isStreamed = (body: Answer['body']): body is StreamedBody => !(body instanceof Uint8Array);

/** Whether a plan cannot be carried out without the length of the body. */
const asksForLength = ({ changeBody, lengthOffBy, end }: ResponsePlan): boolean =>
  changeBody !== undefined ||
  lengthOffBy !== undefined ||
  (end !== undefined && typeof end.at === 'object' && 'share' in end.at);

/** Finds out how long a body is that a fault has to know the length of, by reading ahead within the limit: a body that ends there
 * is held whole, like one of our own.
 * @throws what the body fails with */
export async function learnLength(answer: Answer, plan: ResponsePlan): Promise<Answer> {
  const { body, headers } = answer;
  if (!isStreamed(body) || body.byteLength !== undefined || !asksForLength(plan)) return answer;
  const source = body[Symbol.asyncIterator]();
  const ahead: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= MAX_AHEAD_BYTES) {
    const { done, value } = await source.next();
    if (done) {
      return { ...answer, headers: { ...headers, 'content-length': bytes }, body: Buffer.concat(ahead) };
    }
    ahead.push(value);
    bytes += value.byteLength;
  }
  return { ...answer, body: streamOf(body, () => replay(ahead, source)) };
}

/** The same body, changed piece by piece. */
export function changeStream(body: StreamedBody, change: ChangeBody): StreamedBody {
  return streamOf(body, async function* () {
    const changed = change(body.byteLength ?? MAX_AHEAD_BYTES);
    let at = 0;
    for await (const piece of body) {
      yield changed(piece, at);
      at += piece.byteLength;
    }
  });
}

const streamOf = (body: StreamedBody, read: () => AsyncIterator<Uint8Array>): StreamedBody => ({
  byteLength: body.byteLength,
  settle: () => body.settle(),
  [Symbol.asyncIterator]: read,
});

async function* replay(ahead: readonly Uint8Array[], source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* ahead;
  for (let step = await source.next(); !step.done; step = await source.next()) yield step.value;
}
