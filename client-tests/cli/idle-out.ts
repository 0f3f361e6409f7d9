import { expect } from 'vitest';
import type { MockServer } from '../../server/index.ts';

/** Below the idle limit of 8 s (docs/service-behaviour.md). */
const STEP_MS = 7_900;

/**
 * Lets a silent client sit on a manual clock: one step does not end its connection, a later one does.
 *
 * A frame that was still under way, such as the acknowledgement of our SETTINGS, may arrive during
 * any step and count as traffic. So the end may take one step more.
 */
export async function idleOut({ clock, journal }: MockServer): Promise<void> {
  const ended = () => journal.events('connection.ended');
  await clock.advance(STEP_MS);
  expect(ended()).toEqual([]);
  for (let step = 0; step < 2 && ended().length === 0; step++) await clock.advance(STEP_MS);
}
