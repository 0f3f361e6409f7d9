import http2 from 'node:http2';
import type { Target } from '../support/client.ts';

/** How long to wait before connecting again, after so many failures in a row. */
export type Pause = (failures: number) => number;

/** Waits for nothing: every client that was reset is back at the same moment. */
export const atOnce: Pause = () => 0;

const BASE_MS = 100;
const CAP_MS = 30_000;
const JITTER_MS = 100;

/** Row C3: from 100 ms, doubling, capped at 30 s, and up to 100 ms more by chance. */
export const backingOff =
  (random: () => number): Pause =>
  (failures) =>
    Math.min(CAP_MS, BASE_MS * 2 ** (failures - 1)) + Math.round(random() * JITTER_MS);

/** More failures in a row are no hiccup any more. */
const MAX_FAILURES = 20;

export interface ReconnectSetting {
  readonly pause: Pause;
  /** Lets so many milliseconds pass. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** Gets a path, over a new connection after each failure; a GET may always be repeated.
 * @returns the status of the answer */
export async function getPersistently(
  target: Target,
  path: string,
  { pause, sleep }: ReconnectSetting,
): Promise<number | undefined> {
  for (let failures = 1; ; failures++) {
    try {
      return await getOnce(target, path);
    } catch (error) {
      if (failures === MAX_FAILURES) throw error;
      await sleep(pause(failures));
    }
  }
}

async function getOnce({ url, ca }: Target, path: string): Promise<number | undefined> {
  const session = http2.connect(url, { ca });
  // The request tells it too.
  session.on('error', () => {});
  try {
    return await new Promise((resolve, reject) => {
      const request = session.request({ ':path': path, authorization: 'Bearer x' });
      request.on('response', (headers) => resolve(headers[':status']));
      request.on('error', reject);
      request.on('close', () => reject(new Error('no answer')));
      request.resume();
    });
  } finally {
    session.destroy();
  }
}
