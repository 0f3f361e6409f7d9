import { hash } from 'node:crypto';
import type { CreateRequest } from './create-request.ts';

/** What a create asks for; without the content, its prompt stands for that. */
export type Wanted = Pick<CreateRequest, 'settings' | 'prompt'> & Partial<Pick<CreateRequest, 'content'>>;

const DIGITS = 16;
const digest = (text: string): string => hash('sha256', text).slice(0, DIGITS);

/**
 * Digests of what a create wants, and of its mark. A client that creates again may choose another seed, another mark, and
 * fields that the service does not know: none of them counts as another wish.
 */
export function intentOf({ settings, prompt, content = [] }: Wanted): { intent: string; mark?: string } {
  const { safetyIdentifier, seed: _, callbackUrl: __, ...asked } = settings;
  const media = content.filter(({ type }) => type !== 'text');
  const text = prompt.replace(/\s*--seed\s+\S+/g, '').trim();
  return {
    intent: digest(JSON.stringify([asked, text, media])),
    ...(safetyIdentifier !== undefined && { mark: digest(safetyIdentifier) }),
  };
}
