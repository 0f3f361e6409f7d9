import { z } from 'zod';
import { AUTH_HEADER_UNUSABLE, KEY_MALFORMED } from './auth.ts';

/** What any call may bring beside its key (reference, section 8). */
export const requestHeaders = z.object({
  'x-client-request-id': z.string().optional().describe('Comes back in the answer; the official SDKs send one.'),
});

/** The headers of every answer with this status, and what they mean (reference, section 8). */
export const answerHeaders = (status: number): Readonly<Record<string, string>> => ({
  'x-request-id': "The server's id of this request, which error messages end in.",
  'x-client-request-id': 'What the client sent under this name; absent where it sent none.',
  ...(status === 401 && { 'x-error-code': `\`${AUTH_HEADER_UNUSABLE}\` or \`${KEY_MALFORMED}\`.` }),
});
