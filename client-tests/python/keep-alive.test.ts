import { expect, test } from 'vitest';
import { measureKeepAlive, PER_SECOND, renderKeepAlive, SECONDS } from './keep-alive.ts';
import { findPython } from './python.ts';

const python = (await findPython()) ?? '';

test.runIf(python)(
  'row B7: 100 requests/s for 30 s, by clients as they come and tuned',
  { timeout: 120_000 },
  async () => {
    const rows = await measureKeepAlive(python);

    console.log(
      `Keep-alive, ${PER_SECOND} requests/s for ${SECONDS} s in profile dual-stack:\n${renderKeepAlive(rows)}`,
    );
    for (const { requests, answered, failed, reuse, connections, setting, resets } of rows) {
      // What each client says it did is what the server has seen; a call that was cut may have come twice.
      expect(answered + failed).toBe(PER_SECOND * SECONDS);
      expect(requests).toBeGreaterThanOrEqual(answered);
      // A call may meet the reset of its connection; that is what the table is about.
      expect(failed).toBeLessThan(0.01 * requests);
      // A bounded pool keeps reuse up whatever the machine does; on a busy one calls bunch up, and a pool without a bound grows.
      expect(reuse).toBeGreaterThan(setting === 'tuned' ? 0.99 : 0.5);
      if (setting === 'tuned') expect(connections).toBeLessThanOrEqual(16 + resets);
    }
  },
);
