import type { Lane } from '../lane.ts';
import { randomText } from '../random.ts';

const TAILS = 2 ** 24;
/** Odd, so every tail is used before one comes back. */
const TAIL_STEP = 0x9e3779;

/**
 * Makes the ids of section 8 of the reference, 53 characters: `02`, Unix milliseconds, the IPv6 address of the machine
 * that answers, six hex digits. The machine is drawn once and the tail is a counter in disguise: an id costs no
 * randomness, which keeps polling cheap and leaves the lane's sequence to the tasks.
 */
export function createRequestIds({ clock, random }: Pick<Lane, 'clock' | 'random'>): () => string {
  const address = randomText(random, '0123456789abcdef', 32);
  let tail = Math.floor(random() * TAILS);
  return () => {
    tail = (tail + TAIL_STEP) % TAILS;
    return `02${Math.floor(clock.now())}${address}${tail.toString(16).padStart(6, '0')}`;
  };
}
