import { z } from 'zod';
import { defineFault } from '../fault.ts';

/** RFC 1035, section 4.2.1, RFC 7766, section 5: the client must ask again by TCP, and there it is answered in full. */
export const truncate = defineFault({
  name: 'truncate',
  on: ['dns'],
  summary: 'Says over UDP that the answer is too long (TC), so that the client has to come again over TCP.',
  params: z.strictObject({}),
  explain: () => 'say over UDP that the answer is too long',
  applies: ({ transport }) => transport === 'udp',
  apply({ plan }) {
    plan.truncated = true;
  },
});
