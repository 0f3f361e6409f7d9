import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** Reference, Ark API section 7.3, and 7.2 for the last: what a failed task says of itself. */
const messages: Readonly<Record<string, string>> = {
  OutputVideoSensitiveContentDetected: 'The request failed because the output video may contain sensitive information.',
  'OutputVideoSensitiveContentDetected.PolicyViolation':
    'The request failed because the output video may be related to copyright restrictions.',
  OutputAudioSensitiveContentDetected: 'The request failed because the output audio may contain sensitive information.',
  'OutputAudioSensitiveContentDetected.PolicyViolation':
    'The request failed because the output audio may be related to copyright restrictions.',
  InternalServiceError: 'The service encountered an unexpected internal error.',
};

/** The task is accepted and then fails: the answer to every call is 200, and only its status tells. */
export const fail = defineFault({
  name: 'fail',
  on: ['task'],
  summary: 'Lets a task fail once it has run.',
  params: z.strictObject({
    code: z
      .string()
      .regex(/^[A-Z][\w.]*$/, { error: `Write a code as Ark does: ${Object.keys(messages).join(', ')}.` })
      .default('OutputVideoSensitiveContentDetected')
      .describe('The `error.code` of the task.'),
    message: z.string().min(1).optional().describe('Left out, the one that belongs to the code.'),
  }),
  decides: 'outcome',
  explain: ({ code }) => `let the task fail with ${code}`,
  apply({ plan }, { code, message = messages[code] ?? 'The request failed.' }) {
    if (plan.error) return;
    plan.outcome = 'failed';
    plan.error = { code, message };
  },
});
