import { z } from 'zod';
import { defineFault } from '../fault.ts';

const MAX_UINT32 = 2 ** 32 - 1;
const setting = z.int().min(0).max(MAX_UINT32).optional();

/** RFC 9113, section 6.5.2. The server holds the client to what it announces, once the client has acknowledged it. */
export const settings = defineFault({
  name: 'settings',
  on: ['session'],
  summary: 'Announces SETTINGS of its own when a session begins.',
  params: z.strictObject({
    headerTableSize: setting.describe('0 = nothing that is compressed can be remembered.'),
    maxConcurrentStreams: setting.describe('0 = the client may ask for nothing.'),
    initialWindowSize: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional()
      .describe('0 = the client may send no body.'),
    maxFrameSize: z
      .int()
      .min(2 ** 14)
      .max(2 ** 24 - 1)
      .optional()
      .describe('The largest payload that the server takes.'),
    maxHeaderListSize: setting.describe('What the header fields of a request may take up.'),
    enableConnectProtocol: z.boolean().optional().describe('RFC 8441.'),
  }),
  contradiction: (params) =>
    Object.keys(params).length === 0
      ? { param: '', reason: 'Nothing is announced.', instead: 'Name a setting: `settings: { initialWindowSize: 0 }`.' }
      : undefined,
  explain: (params) =>
    `announce ${Object.entries(params)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  apply({ plan }, params) {
    plan.settings = { ...params, ...plan.settings };
  },
});
