import type { Reply } from './client.ts';
import type { Answer } from './http1.ts';

/** What there is to an answer, over either protocol. */
export async function readAnswer(asked: Promise<Reply | Answer | undefined>) {
  const { status, headers, ...rest } = (await asked) ?? { status: undefined, headers: {}, text: '' };
  return { status, headers: headers as Record<string, unknown>, text: 'text' in rest ? rest.text : rest.body };
}
