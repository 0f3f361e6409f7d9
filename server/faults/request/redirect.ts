import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 9110, section 15.4: after 301 and 302 most clients repeat a POST as a GET; after 307 and 308 they must not. */
export const redirect = defineFault({
  name: 'redirect',
  on: ['request', 'response'],
  summary: 'Sends the client elsewhere, or round in a circle.',
  params: z.strictObject({
    code: z.literal([301, 302, 303, 307, 308]).default(302).describe('The status code.'),
    location: z
      .string()
      .regex(/^(https?:\/\/[^\s/]|\/)[\x21-\x7e]*$/, {
        error: 'Write a URL, https://example.com/api, or a path: /api.',
      })
      .optional()
      .describe('Header `Location`: a URL or a path; left out, the very same again.'),
  }),
  decides: 'status',
  shapes: 'head',
  explain: ({ code, location = 'the same URL' }) => `answer ${code} and point to ${location}`,
  apply({ plan, stage }, { code, location }, { facts }) {
    const answer = { code, headers: { location: location ?? facts.path ?? '/' } };
    if (stage === 'request') plan.statusBefore ??= answer;
    else plan.statusAfter ??= answer;
  },
});
