import { hash } from 'node:crypto';

/** A longer body, of images as a rule, is known by its digest alone. */
export const MAX_INTENT_BYTES = 65_536;

const CREATE = /\/contents\/generations\/tasks\/?(?:\?.*)?$/;
/** In another attempt at the same create they may differ. */
const CHANGING: readonly string[] = ['seed', 'safety_identifier', 'callback_url'];
const DIGITS = 16;

/**
 * A digest of what the body of a create asks for, without its seed and its mark: equal where two creates want the same, whether
 * the service accepts them or not. Undefined for other requests, for what is no JSON object, and over 64 KiB.
 */
export function intentOfBody(method: string, path: string, text: string): string | undefined {
  if (method !== 'POST' || text.length > MAX_INTENT_BYTES || !CREATE.test(path)) return undefined;
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
    const asked = Object.entries(body).filter(([name]) => !CHANGING.includes(name));
    // A prompt may name the seed as well.
    const told = JSON.stringify(asked.toSorted(([a], [b]) => (a < b ? -1 : 1))).replace(/\s*--seed\s+[^\s"]+/g, '');
    return hash('sha256', told).slice(0, DIGITS);
  } catch {
    return undefined;
  }
}
